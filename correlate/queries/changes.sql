-- What does each hop do to the packets, in how many of the connections?
SELECT from_point, to_point, direction, field, habit, before, after, connections, "of"
FROM v_habit
WHERE habit <> 'kept'
ORDER BY from_point, to_point, direction, connections DESC, field;
