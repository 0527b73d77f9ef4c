-- Which addresses are translated into which, on which hop? (ports left out; v_nat has them)
SELECT from_point, to_point, side, before_addr, after_addr, sum(connections) AS connections
FROM v_nat
GROUP BY from_point, to_point, side, before_addr, after_addr
ORDER BY connections DESC, from_point, side, before_addr, after_addr;
