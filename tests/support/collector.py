# SPDX-License-Identifier: MIT
# collector.py CONFIG RECEIVER: what an OpenTelemetry collector with this configuration would make
# of the lines on standard input (for the syslog receiver of octet-counted frames), as one JSON
# object each. It does the operators that scripts/otel/collector.yaml uses as the collector's
# documents describe them, and ends with an error at any other, and at any key that it does not know.
import datetime
import json
import re
import sys

import yaml

INFO = {"info": 9, "info2": 10, "error": 17}
SYSLOG_SEVERITY = {3: 17, 5: 10, 6: 9}  # err, notice, info
EMBEDDED = {"timestamp", "severity", "trace"}
KEYS = {
    "regex_parser": {"regex", "parse_from"} | EMBEDDED,
    "key_value_parser": {"parse_from", "delimiter", "pair_delimiter"} | EMBEDDED,
    "move": {"from", "to"},
    "remove": {"field"},
    "flatten": {"field"},
    "filter": {"expr"},
}


def only(settings, known):
    unknown = set(settings) - set(known)
    if unknown:
        sys.exit("collector.py does not know: " + ", ".join(sorted(unknown)))


def path(field):
    """attributes.a["b@c"] as a list of names."""
    if not re.fullmatch(r'(body|attributes)(\.\w+|\["[^"]+"\])*', field):
        sys.exit("not a field: " + field)
    return re.findall(r'^\w+|(?<=\.)\w+|(?<=\[")[^"]+', field)


def holder(entry, names):
    for name in names[:-1]:
        entry = entry[name]
    return entry


def get(entry, field):
    names = path(field)
    return holder(entry, names)[names[-1]]


def put(entry, field, value):
    names = path(field)
    holder(entry, names)[names[-1]] = value


def drop(entry, field):
    names = path(field)
    return holder(entry, names).pop(names[-1])


def is_true(entry, expression):
    match = re.fullmatch(r'attributes\.(\w+) (!=|==) (nil|"\w+")', expression)
    if not match:
        sys.exit("not an expression that collector.py knows: " + expression)
    value = entry["attributes"].get(match[1])
    wanted = None if match[3] == "nil" else match[3].strip('"')
    return (value == wanted) == (match[2] == "==")


def parse_regex(settings, text):
    # RE2 knows no look-around and no back-references.
    if re.search(r"\(\?(?!P<|:)|\\[1-9]", settings["regex"]):
        sys.exit("not a regular expression of Go's: " + settings["regex"])
    match = re.search(settings["regex"], text, re.ASCII)
    if not match:
        raise ValueError("does not match: " + text)
    return match.groupdict()


def parse_key_values(settings, text):
    """Pairs are split where no quotes are open, which are dropped; a backslash keeps the next
    quote from being one, and both stay."""
    pairs, pair, quote, escaped = [], "", "", False
    for char in text:
        if not quote and char == settings["pair_delimiter"]:
            pairs.append(pair)
            pair = ""
            continue
        if escaped:
            escaped = False
        elif not quote and char in "\"'":
            quote = char
            continue
        elif char == quote:
            quote = ""
            continue
        else:
            escaped = char == "\\"
        pair += char
    if quote:
        raise ValueError("quotes are open at the end: " + text)
    pairs = [pair.split(settings["delimiter"], 1) for pair in pairs + [pair] if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("not all are pairs: " + text)
    return dict(pairs)


def read_time(settings, text):
    only(settings, ["parse_from", "layout_type", "layout"])
    if settings["layout_type"] != "gotime":
        sys.exit("collector.py knows gotime alone")
    layout = settings["layout"]
    for go, python in (("2006", "%Y"), ("01", "%m"), ("02", "%d"), ("15", "%H"), ("04", "%M"),
                       ("05", "%S"), (".000", ".%f"), ("Z07:00", "%z")):
        layout = layout.replace(go, python)
    return datetime.datetime.strptime(text, layout).astimezone(datetime.timezone.utc).isoformat()


def read_severity(settings, text):
    only(settings, ["parse_from", "preset", "mapping"])
    assert settings["preset"] == "none"
    for level, texts in settings["mapping"].items():
        if text in texts:
            return INFO[level]
    return 0


def embedded(entry, settings):
    if "timestamp" in settings:
        entry["time"] = read_time(settings["timestamp"], get(entry, settings["timestamp"]["parse_from"]))
    if "severity" in settings:
        entry["severity"] = read_severity(settings["severity"], get(entry, settings["severity"]["parse_from"]))
    for key, source in settings.get("trace", {}).items():
        lengths = {"trace_id": 32, "span_id": 16, "trace_flags": 2}
        only(source, ["parse_from"])
        value = get(entry, source["parse_from"])
        if len(bytes.fromhex(value)) * 2 != lengths[key]:
            raise ValueError("not a " + key)
        entry[key] = value


def operate(entry, operator):
    """False: the entry is dropped."""
    kind = operator["type"]
    settings = {key: value for key, value in operator.items() if key not in ("type", "id", "if")}
    if kind not in KEYS:
        sys.exit("collector.py does not know the operator " + kind)
    only(settings, KEYS[kind])
    if "if" in operator and not is_true(entry, operator["if"]):
        return True
    if kind == "filter":
        return not is_true(entry, settings["expr"])
    if kind in ("regex_parser", "key_value_parser"):
        parse = parse_regex if kind == "regex_parser" else parse_key_values
        entry["attributes"].update(parse(settings, get(entry, settings.get("parse_from", "body"))))
        embedded(entry, settings)
    elif kind == "move":
        put(entry, settings["to"], drop(entry, settings["from"]))
    elif kind == "remove":
        drop(entry, settings["field"])
    elif kind == "flatten":
        names = path(settings["field"])
        children = drop(entry, settings["field"])
        holder(entry, names).update(children)
    return True


HEADER = re.compile(r"<(\d+)>1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[(?:[^\]\\]|\\.)*\])+) ?(.*)", re.S)
PARAM = re.compile(r' ([^= ]+)="((?:[^"\\\]]|\\["\\\]])*)"')


def syslog_entry(frame):
    """As the syslog receiver's parser of RFC 5424 leaves it."""
    match = HEADER.fullmatch(frame)
    if not match:
        raise ValueError("not RFC 5424: " + frame)
    priority = int(match[1])
    data = {}
    for element in re.findall(r"\[((?:[^\]\\]|\\.)*)\]", match[7]):
        name, _, rest = element.partition(" ")
        params = PARAM.findall(" " + rest)
        if "".join(' %s="%s"' % pair for pair in params) != " " + rest:
            raise ValueError("not structured data: " + element)
        data[name] = {key: re.sub(r"\\(.)", r"\1", value) for key, value in params}
    time = datetime.datetime.fromisoformat(match[2].replace("Z", "+00:00"))
    attributes = {"priority": priority, "facility": priority // 8, "version": 1,
                  "hostname": match[3], "appname": match[4], "proc_id": match[5],
                  "msg_id": match[6], "message": match[8]}
    if data:
        attributes["structured_data"] = data
    return {"body": frame, "attributes": attributes, "severity": SYSLOG_SEVERITY[priority % 8],
            "time": time.astimezone(datetime.timezone.utc).isoformat()}


def frames(text):
    while text:
        length, _, rest = text.partition(" ")
        yield rest[:int(length)].rstrip("\n")
        text = rest[int(length):]


config = yaml.safe_load(open(sys.argv[1]))
receiver = config["receivers"][sys.argv[2]]
pipeline = config["service"]["pipelines"]["logs"]
assert sys.argv[2] in pipeline["receivers"]
for part in ("receivers", "processors", "exporters"):
    assert set(pipeline[part]) == set(config[part]), part
names = [operator.get("id", operator["type"]) for operator in receiver["operators"]]
if len(set(names)) < len(names):
    sys.exit("two operators of one name: give them ids")
text = sys.stdin.read()
if sys.argv[2].startswith("syslog/"):
    only(receiver, ["protocol", "enable_octet_counting", "tcp", "operators"])
    assert receiver["protocol"] == "rfc5424" and receiver["enable_octet_counting"] is True
    entries = [syslog_entry(frame) for frame in frames(text)]
else:
    only(receiver, ["include", "operators"])
    entries = [{"body": line, "attributes": {}} for line in text.splitlines()]
for entry in entries:
    if all(operate(entry, operator) for operator in receiver["operators"]):
        print(json.dumps(entry, sort_keys=True))
