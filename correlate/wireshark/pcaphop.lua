-- Fields of what 'pcaphop export' says of a packet in its comment: wireshark -X lua_script:pcaphop.lua FILE, or put this file into the folder that Wireshark
-- shows as "Personal Lua Plugins" (Help, About, Folders). The lines of a comment are described in correlate/report/export.c.

local pcaphop = Proto("pcaphop", "pcaphop")

local field = {
	point = ProtoField.string("pcaphop.point", "Point", "Where it was recorded"),
	connection = ProtoField.uint32("pcaphop.connection", "Connection", base.DEC, nil, nil, "Its number in the case"),
	transmission = ProtoField.uint32("pcaphop.transmission", "Transmission", base.DEC, nil, nil, "Its number in the ladder of the connection"),
	verdict = ProtoField.string("pcaphop.verdict", "Verdict", "What is found of it"),
	kind = ProtoField.string("pcaphop.kind", "Kind", "The kind of finding: dropped, generated, ..."),
	confidence = ProtoField.string("pcaphop.confidence", "Confidence", "certain, likely, possible"),
	delay = ProtoField.double("pcaphop.delay", "Delay (ms)", "Since the point before; in the middle of what the clocks leave open"),
	delay_low = ProtoField.double("pcaphop.delay.low", "At least (ms)", "No less, whatever the clocks"),
	delay_high = ProtoField.double("pcaphop.delay.high", "At most (ms)", "No more, whatever the clocks"),
	delay_from = ProtoField.string("pcaphop.delay.from", "Since", "The point before"),
	time = ProtoField.string("pcaphop.time", "Time as recorded", "By the clock of the point (UTC); the time of the frame is on the reference clock"),
	frame = ProtoField.uint32("pcaphop.frame", "Frame in the original capture"),
	file = ProtoField.string("pcaphop.file", "Original capture"),
}
pcaphop.fields = field

local severity = {
	dropped = expert.severity.WARN, generated = expert.severity.WARN, corrupted = expert.severity.WARN, unanswered = expert.severity.WARN,
	undecided = expert.severity.NOTE, ["not captured"] = expert.severity.NOTE, duplicated = expert.severity.NOTE, reordered = expert.severity.NOTE,
}
local told = {}
for kind, level in pairs(severity) do
	told[kind] = ProtoExpert.new("pcaphop.expert." .. kind:gsub(" ", "_"), kind, expert.group.SEQUENCE, level)
end
pcaphop.experts = told

local comments = Field.new("frame.comment")

-- A number of a comment, if it fits into the field.
local function number(text)
	return text and #text <= 9 and tonumber(text) or nil
end

local function add_verdict(tree, text)
	local kind, where, confidence = text:match("^([%l _]-)( [ab][et][ t].*) %((%l+)%)$")
	if not kind then
		kind, confidence = text:match("^([%l _]-) %((%l+)%)$")
	end
	if not kind then
		return
	end
	local item = tree:add(field.verdict, text)
	item:add(field.kind, kind)
	item:add(field.confidence, confidence)
	if told[kind] and confidence ~= "possible" then
		item:add_proto_expert_info(told[kind], text)
	elseif told[kind] then
		item:add_proto_expert_info(told["undecided"], text)
	end
end

local function add_delay(tree, line)
	local ms, low, high, from = line:match("^delay (%d+%.%d+) ms %((%-?%d+%.%d+) to (%-?%d+%.%d+)%) from (.*)$")
	if not ms then
		return
	end
	local item = tree:add(field.delay, tonumber(ms))
	item:add(field.delay_low, tonumber(low))
	item:add(field.delay_high, tonumber(high))
	item:add(field.delay_from, from)
end

local function add_origin(tree, line)
	local point, time, frame, file = line:match("^recorded at ([^,]*), (%S+), frame (%d+) of (.*)$")
	if not point then
		return
	end
	tree:add(field.point, point)
	tree:add(field.time, time)
	if number(frame) then
		tree:add(field.frame, number(frame))
	end
	tree:add(field.file, file)
end

local function add_comment(root, text)
	local connection = text:match("^pcaphop: connection (%d+)")
	if not number(connection) then
		return
	end
	local first = text:match("^[^\n]*")
	local tree = root:add(pcaphop)
	local transmission, verdict = first:match("^pcaphop: connection %d+, transmission (%d+):? ?(.*)$")
	if not transmission then
		verdict = first:match("^pcaphop: connection %d+: (.*)$")
	end
	tree:add(field.connection, number(connection))
	if number(transmission) then
		tree:add(field.transmission, number(transmission))
	end
	add_verdict(tree, verdict or "")
	for line in text:gmatch("\n([^\n]*)") do
		add_verdict(tree, line:match("^also (.*)$") or "")
		add_delay(tree, line)
		add_origin(tree, line)
	end
	tree:append_text(first:sub(#"pcaphop" + 1))
end

function pcaphop.dissector(buffer, pinfo, root)
	for _, comment in ipairs({comments()}) do
		add_comment(root, tostring(comment.value))
	end
end

register_postdissector(pcaphop)
