#!/usr/bin/env python3
"""make_seeds.py VECTORS OUT: fuzz seeds from the recorded vectors, one folder a kind of input.

clixml            CLIXML documents and message payloads
texts             texts of single values
multiparts        encrypted HTTP bodies
lines             conversations in the out-of-process framing, and single lines
fragments         what one side sent on one channel: fragments one after the other
client-fragments  those of them that a client sent
server-fragments  those of them that a server sent
messages          joined messages with their header
scripts           scripts that clients ran
credssp           messages of CredSSP and credentials
holder            lines between a program and the holder of a session
compressed, plain compressed streams, and what they stand for
copies            chunks of copies, and lists of what is there
"""
import base64
import glob
import hashlib
import json
import os
import re
import shutil
import struct
import sys

SEED_BYTES_MAX = 32768
DATA_LINE = re.compile(r"<Data Stream='[A-Za-z]+' PSGuid='([^']+)'>([^<]*)</Data>")


class Seeds:
    def __init__(self, out):
        self.out = out
        self.seen = {}

    def add(self, kind, content):
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogatepass")
        seen = self.seen.setdefault(kind, set())
        if len(content) > SEED_BYTES_MAX or content in seen:
            return
        folder = os.path.join(self.out, kind)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"{len(seen):04}"), "wb") as file:
            file.write(content)
        seen.add(content)


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def value_texts(node):
    """Every text of a primitive in the bag form."""
    if isinstance(node, dict):
        if node.get("k") == "prim":
            yield node["v"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from value_texts(item)


def joined_messages(blob):
    """The messages of complete fragments that lie one after the other."""
    parts = {}
    at = 0
    while at + 21 <= len(blob):
        object_id = blob[at:at + 8]
        is_end = blob[at + 16] & 2
        size = int.from_bytes(blob[at + 17:at + 21], "big")
        parts[object_id] = parts.get(object_id, b"") + blob[at + 21:at + 21 + size]
        at += 21 + size
        if is_end:
            yield parts.pop(object_id)


def add_conversation(seeds, path):
    lines = {"C": [], "S": []}
    blobs = {}
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            side, text = line[:1], line[2:]
            if side not in lines:
                continue
            lines[side].append(text)
            seeds.add("lines", text + "\n")
            data = DATA_LINE.search(text)
            if data:
                key = (side, data.group(1))
                blobs[key] = blobs.get(key, b"") + base64.b64decode(data.group(2))
    for side in lines:
        seeds.add("lines", "\n".join(lines[side]) + "\n")
    for (side, _), blob in blobs.items():
        seeds.add("fragments", blob)
        seeds.add("client-fragments" if side == "C" else "server-fragments", blob)
        for message in joined_messages(blob):
            seeds.add("messages", message)
            seeds.add("clixml", message[40:].removeprefix(b"\xef\xbb\xbf"))


def add_multiparts(seeds):
    """Encrypted bodies in the forms of Windows, Exchange and OMI; each behind its Content-Type."""
    for protocol, signature, dashes, tab, tail in (
        ("SPNEGO", "s" * 16, "--", "\t", "--\r\n"),
        ("Kerberos", "s" * 60, "-- ", "\t", "--\r\n"),
        ("CredSSP", "", "--", "", "--\r\n\r\n"),
    ):
        name = f"application/HTTP-{protocol}-session-encrypted"
        pair = (
            f"{dashes}Encrypted Boundary\r\n{tab}Content-Type: {name}\r\n"
            f"{tab}OriginalContent: type=application/soap+xml;charset=UTF-8;Length=4\r\n"
            f"{dashes}Encrypted Boundary\r\n{tab}Content-Type: application/octet-stream\r\n"
            f"{chr(len(signature))}\0\0\0{signature}abcd"
        )
        for kind, pairs in (("encrypted", pair), ("x-multi-encrypted", pair + pair)):
            body = f"{pairs}{dashes}Encrypted Boundary{tail}"
            head = f'multipart/{kind};protocol="{name}";boundary="Encrypted Boundary"'
            seeds.add("multiparts", body)
            seeds.add("multiparts", f"{head}\n{body}")


def der(tag, content):
    size = len(content)
    if size < 0x80:
        head = bytes([tag, size])
    else:
        length = size.to_bytes((size.bit_length() + 7) // 8, "big")
        head = bytes([tag, 0x80 | len(length)]) + length
    return head + content


def add_credssp(seeds):
    """Requests of every shape, and TSCredentials."""
    version = der(0xA0, der(2, b"\x06"))
    token = der(0xA1, der(0x30, der(0x30, der(0xA0, der(4, b"NTLMSSP\0" * 20)))))
    parts = [token, der(0xA2, der(4, b"a" * 40)), der(0xA3, der(4, b"k" * 48)),
             der(0xA4, der(2, b"\0\xc0\0\0\x6d")), der(0xA5, der(4, bytes(32)))]
    seeds.add("credssp", der(0x30, version))
    for part in parts:
        seeds.add("credssp", der(0x30, version + part))
    seeds.add("credssp", der(0x30, version + b"".join(parts) + der(0xA6, der(2, b"\0"))))
    texts = b"".join(
        der(0xA0 + i, der(4, text.encode("utf-16-le"))) for i, text in enumerate(("DOMAIN", "user", "secret"))
    )
    seeds.add("credssp", der(0x30, der(0xA0, der(2, b"\1")) + der(0xA1, der(4, der(0x30, texts)))))


NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "i": "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd",
}
SHELL = "11223344-5566-7788-99AA-BBCCDDEEFF00"
COMMAND = "AABBCCDD-0011-2233-4455-66778899AABB"
# Bodies of requests and of responses, by prefix and name of their action.
SOAP_REQUESTS = (
    ("x", "Create", '<rsp:Shell ShellId="B"><rsp:IdleTimeOut>PT60S</rsp:IdleTimeOut><rsp:InputStreams>stdin pr'
     "</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>"
     '<creationXml xmlns="http://schemas.microsoft.com/powershell">aGk=</creationXml></rsp:Shell>'),
    ("rsp", "Command", f'<rsp:CommandLine CommandId="{COMMAND}"><rsp:Command>a</rsp:Command>'
     "<rsp:Arguments>aGk=</rsp:Arguments></rsp:CommandLine>"),
    ("rsp", "Send", '<rsp:Send><rsp:Stream Name="stdin">aGk=</rsp:Stream></rsp:Send>'),
    ("rsp", "Receive", "<rsp:Receive><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>"),
    ("rsp", "Signal", f'<rsp:Signal CommandId="{COMMAND}"><rsp:Code>powershell/signal/crtl_c</rsp:Code></rsp:Signal>'),
    ("x", "Delete", ""),
    ("x", "Get", ""),
    ("rsp", "Disconnect", "<rsp:Disconnect><rsp:BufferMode>Drop</rsp:BufferMode></rsp:Disconnect>"),
    ("rsp", "Reconnect", "<rsp:Reconnect/>"),
    ("rsp", "Connect", '<rsp:Connect><connectXml xmlns="http://schemas.microsoft.com/powershell">aGk=</connectXml>'
     "</rsp:Connect>"),
    ("n", "Enumerate", "<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>1</w:MaxElements></n:Enumerate>"),
    ("n", "Pull", "<n:Pull><n:EnumerationContext>1</n:EnumerationContext></n:Pull>"),
    ("i", "Identify", "<i:Identify/>"),
)
SOAP_RESPONSES = (
    ("x", "Create", f'<x:ResourceCreated><a:ReferenceParameters><w:SelectorSet><w:Selector Name="ShellId">{SHELL}'
     f"</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>{SHELL}"
     "</rsp:ShellId><rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut></rsp:Shell>"),
    ("rsp", "Command", f"<rsp:CommandResponse><rsp:CommandId>{COMMAND}</rsp:CommandId></rsp:CommandResponse>"),
    ("rsp", "Receive", f'<rsp:ReceiveResponse><rsp:Stream Name="stdout" CommandId="{COMMAND}">aGk=</rsp:Stream>'
     f'<rsp:CommandState CommandId="{COMMAND}" State="{NAMESPACES["rsp"]}/CommandState/Done"><rsp:ExitCode>0'
     "</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>"),
    ("rsp", "Send", "<rsp:SendResponse/>"),
    ("rsp", "Signal", "<rsp:SignalResponse/>"),
    ("x", "Delete", ""),
    ("rsp", "Connect", "<rsp:ConnectResponse><rsp:InputStreams>stdin pr</rsp:InputStreams><connectResponseXml "
     'xmlns="http://schemas.microsoft.com/powershell">aGk=</connectResponseXml></rsp:ConnectResponse>'),
    ("n", "Enumerate", "<n:EnumerateResponse><n:EnumerationContext/><w:Items><rsp:Shell><rsp:ShellId>1</rsp:ShellId>"
     "</rsp:Shell></w:Items><w:EndOfSequence/></n:EnumerateResponse>"),
    ("i", "Identify", "<i:IdentifyResponse><i:ProductVendor>v</i:ProductVendor></i:IdentifyResponse>"),
    ("w", "fault", "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode>"
     '</s:Code><s:Reason><s:Text xml:lang="en-US">r</s:Text></s:Reason><s:Detail><f:WSManFault Code="2150858793" '
     'Machine="m"><f:Message><f:ProviderFault provider="p" path="q"><f:WSManFault Code="5" Machine="m"><f:Message>t'
     "</f:Message></f:WSManFault></f:ProviderFault></f:Message></f:WSManFault></s:Detail></s:Fault>"),
)


def envelope(head, body):
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return f"<s:Envelope{declared}><s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>"


def add_soap(seeds):
    """Our own envelopes; the last byte of each is a decision of the harness."""
    for prefix, name, body in SOAP_REQUESTS:
        for resource in ("powershell/Microsoft.PowerShell", "wbem/wsman/1/windows/shell"):
            head = (
                f'<a:Action s:mustUnderstand="true">{NAMESPACES[prefix]}/{name}</a:Action>'
                f"<a:MessageID>uuid:{COMMAND}</a:MessageID>"
                f"<w:ResourceURI>http://schemas.microsoft.com/{resource}</w:ResourceURI>"
                f"<p:SessionId>uuid:{SHELL}</p:SessionId><p:OperationID>uuid:{COMMAND}</p:OperationID>"
                "<p:SequenceId>1</p:SequenceId><w:MaxEnvelopeSize>8192</w:MaxEnvelopeSize>"
                f'<w:SelectorSet><w:Selector Name="ShellId">{SHELL}</w:Selector></w:SelectorSet>'
                '<w:OptionSet><w:Option Name="protocolversion" MustComply="true">2.3</w:Option></w:OptionSet>'
                '<w:OperationTimeout>PT20S</w:OperationTimeout><w:Locale xml:lang="en-US"/>'
            )
            seeds.add("soap", envelope(head, body) + "1")
    for prefix, name, body in SOAP_RESPONSES:
        # The client's identifiers count: these are its first requests.
        for number in ("03", "05", "07"):
            head = (
                f"<a:Action>{NAMESPACES[prefix]}/{name}Response</a:Action>"
                f"<a:RelatesTo>uuid:C0000000-0000-0000-0000-0000000000{number}</a:RelatesTo>"
            )
            for decision in "012":
                seeds.add("soap", envelope(head, body) + decision)


def add_holder(seeds):
    """Requests, descriptions and what is nearly one."""
    greeting = "psrp-holder-1 "
    for word in ("use", "look", "close", "disconnect", "Use", ""):
        seeds.add("holder", greeting + word)
    for name, reason in (("web1", ""), ("web1", "cut\\nfor \\\\ good\\t!"), ("a\\xb", ""), ("", "\\")):
        for count in ("0", "17", "007", "18446744073709551616"):
            for pool in (SHELL, SHELL.lower(), "{" + SHELL + "}"):
                fields = (name, "web1.example", pool, "WSMan", "Microsoft.PowerShell", reason, count)
                seeds.add("holder", greeting + "".join(field + "\t" for field in fields))
    seeds.add("holder", "web-1.example_x")


def frame(kind, content):
    return kind.encode() + struct.pack("<I", len(content)) + content


def file_frame(kind, path, length, offset=0):
    partial = b"." + path.split(b"/")[-1] + b".psrp-part"
    head = struct.pack("<IqqqH", 0o644, 630822816000000000, length, offset, len(partial))
    return frame(kind, head + partial + path)


def report_frame(kind, path, message):
    return frame(kind, struct.pack("<II", 0, len(path)) + path + message)


def have_frame(path, content, is_whole):
    digest = hashlib.sha256(content).digest()
    return frame("H", struct.pack("<IBq", 0, is_whole, len(content)) + digest + path)


def add_copies(seeds):
    """What psrp/copy/README.md describes; the last bytes are decisions of the harness."""
    def folder(path):
        return frame("D", struct.pack("<Iq", 0o755, 630822816000000000) + path)

    def whole(path, content, *pieces):
        digest = frame("E", hashlib.sha256(content).digest())
        return file_frame("F", path, len(content)) + b"".join(frame("B", one) for one in pieces) + digest

    end = frame("Z", struct.pack("<QQ", 2, 6))
    source = frame("S", b"from")
    tree = source + folder(b"") + whole(b"a", b"abc", b"a", b"bc") + folder(b"d") + whole(b"d/b", b"")
    chunks = [
        tree + end,
        source + whole(b"", b"abc", b"abc") + end,
        frame("S", b"") + folder(b"") + whole(b"a", b"abc", b"abd") + report_frame("N", b"l", b"is a link") + end,
        source + file_frame("F", b"a", 3) + frame("B", b"ab") + report_frame("X", b"a", b"was made shorter") + end,
        source + file_frame("F", b"a", 3, 2) + frame("B", b"c") + frame("E", bytes(32)) + end,
        source + folder(b"") + file_frame("K", b"a", 3) + end,
        source + file_frame("F", b"../a", 3),
        tree + source + folder(b"") + folder(b"d/e") + end,
        have_frame(b"a", b"abc", 1) + have_frame(b"d/b", b"", 1) + have_frame(b"a", b"ab", 0),
        frame("A", struct.pack("<Q", 3)) + end,
    ]
    for chunk in chunks:
        for flags in range(32):
            cuts = struct.pack("<H", 60) * 4 if flags & 16 else b""
            seeds.add("copies", chunk + cuts + bytes([flags]))


def main():
    vectors, out = sys.argv[1:3]
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    seeds = Seeds(out)
    for name in ("objects", "texts"):
        for row in rows(os.path.join(vectors, "clixml", name + ".jsonl")):
            seeds.add("clixml", row["clixml"])
            seeds.add("scripts", row.get("expr", ""))
            for text in value_texts(row.get("bag")):
                seeds.add("texts", text)
    for path in sorted(glob.glob(os.path.join(vectors, "psrp", "*.log"))):
        add_conversation(seeds, path)
    with open(os.path.join(vectors, "psrp", "scenarios.json"), encoding="utf-8") as file:
        for scenario in json.load(file):
            seeds.add("scripts", scenario["script"])
    for row in rows(os.path.join(vectors, "psrp-bad", "server.jsonl")):
        steps = [step if isinstance(step, str) else step.get("raw") for step in row["send"]]
        seeds.add("lines", "\n".join(step for step in steps if step is not None) + "\n")
    for row in rows(os.path.join(vectors, "xpress.jsonl")):
        stream = base64.b64decode(row["stream"])
        seeds.add("compressed", stream)
        # The data of the first chunk; the harness takes the announced size from the end.
        plain_size = int.from_bytes(stream[:2], "little")
        data_size = int.from_bytes(stream[2:4], "little") + 1
        seeds.add("compressed", stream[4:4 + data_size] + plain_size.to_bytes(2, "little"))
        seeds.add("plain", base64.b64decode(row["plain"])[:SEED_BYTES_MAX])
    add_copies(seeds)
    add_credssp(seeds)
    add_multiparts(seeds)
    add_soap(seeds)
    add_holder(seeds)
    for kind, seen in sorted(seeds.seen.items()):
        print(f"{kind}: {len(seen)}")


main()
