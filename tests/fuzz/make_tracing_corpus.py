#!/usr/bin/env python3
"""Writes the seeds of fuzz_capture and fuzz_packet: make_tracing_corpus.py [FOLDER]. The captures
can be opened by other programs; what a packet's first byte means stands in fuzz_packet.cpp."""
import pathlib
import struct
import sys

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))


# --- packets ---

def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def tcp(flags, seq=0, ack=0, data=b"", options=b"", ports=(40000, 80), window=65535, offset=None):
    options += b"\0" * (-len(options) % 4)
    words = 5 + len(options) // 4 if offset is None else offset
    return struct.pack(">HHIIBBHHH", *ports, seq % 2**32, ack % 2**32, words << 4, flags, window,
                       0, 0) + options + data


def summed(source, destination, segment):
    """The segment with its checksum."""
    pseudo = source + destination + struct.pack(">IHH", len(segment), 0, 6)
    return segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]


CLIENT4, SERVER4 = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
CLIENT6, SERVER6 = b"\x20\x01\x0d\xb8" + b"\0" * 11 + b"\1", b"\x20\x01\x0d\xb8" + b"\0" * 11 + b"\2"


def ipv4(segment, ends=(CLIENT4, SERVER4), options=b"", fragment=0, protocol=6, length=None,
         words=None):
    if protocol == 6 and fragment == 0 and len(segment) >= 20:
        segment = summed(*ends, segment)
    header = 20 + len(options)
    total = header + len(segment) if length is None else length
    return struct.pack(">BBHHHBBH4s4s", 0x40 | (header // 4 if words is None else words), 0, total,
                       1, fragment, 64, protocol, 0, *ends) + options + segment


def ipv6(segment, ends=(CLIENT6, SERVER6), extensions=b"", following=6, length=None):
    if following == 6 and not extensions and len(segment) >= 20:
        segment = summed(*ends, segment)
    size = len(extensions) + len(segment) if length is None else length
    return struct.pack(">IHBB16s16s", 6 << 28, size, following, 64, *ends) + extensions + segment


def ethernet(packet, kind=0x0800, tags=()):
    vlan = b"".join(struct.pack(">HH", tag, 0x2007) for tag in tags)
    return b"\2\0\0\0\0\1" + b"\2\0\0\0\0\2" + vlan + struct.pack(">H", kind) + packet


def cooked(packet, kind=0x0800):
    return struct.pack(">HHH8sH", 0, 772, 6, b"", kind) + packet


def cooked_2(packet, kind=0x0800):
    return struct.pack(">HHIHBB8s", kind, 0, 1, 772, 0, 6, b"") + packet


SYN_OPTIONS = (b"\x02\x04\x05\xb4" + b"\x04\x02" + b"\x08\x0a" + b"\0\0\0\1" + b"\0\0\0\0" + b"\x01"
               + b"\x03\x03\x07")
OPENING = tcp(SYN, 0xFFFFFFF0, options=SYN_OPTIONS)
NEXT = {"hop": 0, "routing": 43, "fragment": 44, "authentication": 51, "destination": 60,
        "mobility": 135}


def chain(*names, last=6, fragment=0):
    """Extension headers, and the number of the first."""
    numbers = [NEXT[name] for name in names] + [last]
    bodies = b""
    for name, following in zip(names, numbers[1:]):
        if name == "fragment":
            bodies += struct.pack(">BBHI", following, 0, fragment, 9)
        elif name == "authentication":
            bodies += struct.pack(">BB", following, 1) + b"\0" * 10
        else:
            bodies += struct.pack(">BB", following, 0) + b"\1\4" + b"\0" * 4
    return {"extensions": bodies, "following": numbers[0]}


LINKS = {"ethernet": (0, ethernet), "null": (1, lambda p, f=2: struct.pack("<I", f) + p),
         "raw_12": (2, bytes), "raw_14": (3, bytes), "raw": (4, bytes),
         "loop": (5, lambda p, f=2: struct.pack(">I", f) + p), "cooked": (6, cooked),
         "ipv4": (7, bytes), "ipv6": (8, bytes), "cooked_2": (9, cooked_2), "unknown": (10, bytes)}


def packets():
    def on(link, *arguments):
        number, wrap = LINKS[link]
        return bytes([number]) + wrap(*arguments)

    v4, v6 = ipv4(OPENING), ipv6(OPENING)
    made = {f"link_{link}": on(link, v6 if link == "ipv6" else v4) for link in LINKS}
    made |= {
        "link_null_big": on("null", b"")[:1] + struct.pack(">I", 2) + v4,
        "link_null_v6": on("null", v6, 30),
        "link_loop_v6": on("loop", v6, 24),
        "link_loop_other": on("loop", v6, 7),
        "link_raw_v6": on("raw", v6),
        "link_ipv4_that_is_6": on("ipv4", v6),
        "link_ipv6_that_is_4": on("ipv6", v4),
        "link_cooked_v6": on("cooked", v6, 0x86DD),
        "link_cooked_2_v6": on("cooked_2", v6, 0x86DD),
        "link_empty": b"\4",
        "link_short": b"\6" + b"\0" * 15,
        "link_arp": on("ethernet", b"\0\1\x08\0", 0x0806),
        "link_llc": on("ethernet", b"\xaa\xaa\3", 38),
        "vlan": on("ethernet", v4, 0x0800, [0x8100]),
        "vlan_twice": on("ethernet", v6, 0x86DD, [0x88A8, 0x8100, 0x9100]),
        "vlan_cut": on("ethernet", b"", 0x8100),
        "options_of_ip": on("raw", ipv4(OPENING, options=b"\x94\x04\0\0" + b"\1" * 4)),
        "options_of_ip_cut": on("raw", ipv4(OPENING, options=b"\1" * 40)[:50]),
        "padding": on("ethernet", ipv4(tcp(ACK, 1, 1)) + b"\0" * 6),
        "total_zero": on("raw", ipv4(OPENING, length=0)),
        "total_below_header": on("raw", ipv4(OPENING, length=19)),
        "total_below_segment": on("raw", ipv4(OPENING, length=24)),
        "total_between_headers": on("raw", ipv4(OPENING, length=40)),
        "header_below_five": on("raw", ipv4(OPENING, words=4)),
        "captured_less": on("raw", ipv4(tcp(PSH | ACK, 1, 1, b"x" * 40))[:50]),
        "fragment_first": on("raw", ipv4(OPENING, fragment=0x2000)),
        "fragment_last": on("raw", ipv4(b"tail", fragment=0x00B9)),
        "udp": on("raw", ipv4(b"\0\7\0\7\0\x0a\0\0hi", protocol=17)),
        "v6_all_extensions": on("raw", ipv6(OPENING, **chain(
            "hop", "destination", "routing", "authentication", "mobility"))),
        "v6_fragment_first": on("raw", ipv6(OPENING, **chain("fragment", fragment=1))),
        "v6_fragment_later": on("raw", ipv6(b"tail", **chain("hop", "fragment", last=60,
                                                            fragment=0x0100))),
        "v6_fragment_whole": on("raw", ipv6(OPENING, **chain("fragment"))),
        "v6_extension_too_long": on("raw", ipv6(b"", extensions=b"\6\xff" + b"\0" * 6, following=0)),
        "v6_extension_cut": on("raw", ipv6(OPENING, **chain("hop", "routing"))[:52]),
        "v6_extension_missing": on("raw", ipv6(b"", following=0)),
        "v6_jumbo": on("raw", ipv6(OPENING, length=0)),
        "v6_udp": on("raw", ipv6(b"\0\7\0\7\0\x0a\0\0hi", following=17)),
        "v6_cut": on("raw", ipv6(OPENING)[:39]),
        "tcp_cut": on("raw", ipv4(tcp(SYN)[:19])),
        "tcp_options_cut": on("raw", ipv4(OPENING)[:45]),
        "tcp_offset_four": on("raw", ipv4(tcp(SYN, offset=4))),
        "tcp_every_flag": on("raw", ipv4(tcp(0xFF, 1, 2, b"odd"))),
        "tcp_left_to_the_card": on("raw", ipv4(OPENING)[:36] + b"\x84\x26" + ipv4(OPENING)[38:]),
        "sack": on("raw", ipv4(tcp(ACK, 1, 1, options=b"\1\1\x05\x22" + b"\0\0\0\1\0\0\0\2" * 4))),
        "sack_of_none": on("raw", ipv4(tcp(ACK, 1, 1, options=b"\x05\2"))),
        "option_unknown": on("raw", ipv4(tcp(SYN, options=b"\xfe\4ab\x03\3\x0e"))),
        "option_long": on("raw", ipv4(tcp(SYN, options=b"\x02\4\1\1\x08\x0a\0\0"))),
        "option_of_one": on("raw", ipv4(tcp(SYN, options=b"\x08\1"))),
        "option_alone": on("raw", ipv4(tcp(SYN, options=b"\1\1\1\x03"))),
        "option_odd_lengths": on("raw", ipv4(tcp(SYN, options=b"\x02\3\1"))),
        "option_odd_scale": on("raw", ipv4(tcp(SYN, options=b"\x03\4\1\1"))),
        "option_odd_permitted": on("raw", ipv4(tcp(SYN, options=b"\x04\3\1"))),
        "option_odd_time": on("raw", ipv4(tcp(SYN, options=b"\x08\4\1\1"))),
        "option_end_early": on("raw", ipv4(tcp(SYN, options=b"\0\x02\4\1\1"))),
        "nothing": b"\0",
        "empty": b"",
    }
    return made


# --- scripts of segments ---

SCRIPT = bytes([0x80])
FROM_SERVER, S, F, R, A, SCALE, FAR, LONG = (1 << bit for bit in range(8))


def script(*segments, first=(0xFF, 0x7F)):
    """Segments of (what, distance, length, distance of the acknowledgement)."""
    return SCRIPT + bytes(first) + b"".join(bytes(part % 256 for part in (s + (0, 0, 0))[:4])
                                            for s in segments)


HANDSHAKE = ((S | SCALE, 0, 0, 0), (S | A | SCALE | FROM_SERVER, 0, 0, 0), (A,))


def scripts():
    talk = HANDSHAKE + ((A, 0, 15), (A | FROM_SERVER, 0, 15), (A,))
    return {
        "script_whole": script(*talk, (F | A,), (A | FROM_SERVER,), (F | A | FROM_SERVER,), (A,)),
        "script_close_at_once": script(*talk, (F | A,), (F | A | FROM_SERVER, 0, 0, -1),
                                       (A, 0, 0, 0), (A | FROM_SERVER,)),
        "script_fins_in_one": script(*talk, (F | A,), (F | A | FROM_SERVER,), (A,)),
        "script_fins_cross": script(*talk, (F | A,), (F | A | FROM_SERVER, 0, 0, -1), (A,)),
        "script_refused": script((S,), (R | A | FROM_SERVER,)),
        "script_broken_off": script(*talk, (R,), (R | FROM_SERVER,)),
        "script_server_closes": script(*HANDSHAKE, (F | A | FROM_SERVER,), (A,), (F | A, 0, 3),
                                       (A | FROM_SERVER,)),
        "script_syn_again": script((S,), (S, -1), (S | A | FROM_SERVER,), (S | A | FROM_SERVER, -1),
                                   (A,)),
        "script_both_dial": script((S,), (S | FROM_SERVER,), (S | A, -1), (S | A | FROM_SERVER, -1),
                                   (A,)),
        "script_fin_with_the_ack": script((S,), (S | A | FROM_SERVER,), (F | A,),
                                          (A | FROM_SERVER,)),
        "script_lost_and_again": script(*HANDSHAKE, (A, 0, 100), (A, 100, 100), (A, -200, 100),
                                        (A, 0, 100)),
        "script_half_again": script(*HANDSHAKE, (A, 0, 100), (A, -50, 100), (A, -120, 120)),
        "script_many_gaps": script(*HANDSHAKE, *[(A, 5, 5)] * 12, (A, -100, 3), (A, -128, 120)),
        "script_gap_in_parts": script(*HANDSHAKE, (A, 100, 9), (A, -90, 10), (A, 10, 10),
                                      (A, -60, 30), (A, -70, 99)),
        "script_no_beginning": script((A, 0, 9), (A | FROM_SERVER,), (A, -20, 9)),
        "script_from_the_answer": script((S | A | FROM_SERVER | SCALE,), (A,)),
        "script_before_the_first": script((A, 0, 9), (A, -60, 20), (A, -60, 20)),
        "script_far": script(*HANDSHAKE, (A | FAR, 0x7F, 1, 0), (A | FAR, -128, 1, 0x7F),
                             (A | FAR | LONG, 64, 255, -128)),
        "script_four_gibibytes": script(*HANDSHAKE, *[(A | FAR, 0x70, 9, 0)] * 12),
        "script_fin_again": script(*talk, (F | A,), (F | A, -1), (F | A, -11, 10)),
        "script_syn_in_the_middle": script(*talk, (S | A, 0, 5), (S | F | A | R, 0, 5)),
        "script_nothing": script(),
        "script_circle": SCRIPT + bytes([0x80, 0, 0, 0, 0x80, 0, 0, 0, 0]),
    }


# --- captures ---

def pcap(records, order="<", magic=0xA1B2C3D4, link=1):
    text = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for at, packet in enumerate(records):
        text += struct.pack(order + "IIII", 1700000000, 1000 * at, len(packet), len(packet))
        if magic == 0xA1B2CD34:
            text += struct.pack(order + "IHBB", 1, 0x0800, 0, 0)
        text += packet
    return text


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    length = len(body) + 12
    return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", length)


def section(order, length=-1, version=1):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, version, 0, length))


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def interface(order, link=1, most=0, options=b""):
    return block(order, 1, struct.pack(order + "HHI", link, 0, most) + options)


def enhanced(order, packet, options=b"", number=0, units=1700000000_000000, kind=6):
    head = (struct.pack(order + "I", number) if kind == 6 else struct.pack(order + "HH", number, 0))
    return block(order, kind, head + struct.pack(order + "IIII", units >> 32, units & 0xFFFFFFFF,
                                                 len(packet), len(packet)) +
                 packet + b"\0" * (-len(packet) % 4) + options)


def simple(order, packet):
    return block(order, 3, struct.pack(order + "I", len(packet)) + packet)


def between(ends, ports=(40000, 80), wrap=ipv4):
    """A conversation's packets, from segments of (from the server, flags, seq, ack, data)."""
    def make(*segments):
        made = []
        for server, flags, seq, ack, *data in segments:
            way = (ends[::-1], ports[::-1]) if server else (ends, ports)
            options = SYN_OPTIONS if flags & SYN else b""
            made.append(wrap(tcp(flags, seq, ack, data[0] if data else b"", options, way[1]), way[0]))
        return made
    return make


def conversations():
    call = between((CLIENT4, SERVER4))
    other = between((CLIENT6, SERVER6), (50000, 443), ipv6)
    opening = [(0, SYN, 4294967290, 0), (1, SYN | ACK, 100, 4294967291), (0, ACK, 4294967291, 101)]
    words = [(0, PSH | ACK, 4294967291, 101, b"client here"), (1, PSH | ACK, 101, 6, b"server here"),
             (0, ACK, 6, 112)]
    closing = [(0, FIN | ACK, 6, 112), (1, FIN | ACK, 112, 7), (0, ACK, 7, 113)]
    return {
        "call": call(*opening, *words, *closing),
        "v6": other(*opening, *words, *closing),
        "refused": call((0, SYN, 1, 0), (1, RST | ACK, 0, 2)),
        "half_open": call((0, SYN, 1, 0), (0, SYN, 1, 0), (0, SYN, 1, 0)),
        "broken_off": call(*opening, *words, (1, RST, 112, 0)),
        "both_dial": call((0, SYN, 1, 0), (1, SYN, 9, 0), (0, SYN | ACK, 1, 10),
                          (1, SYN | ACK, 9, 2), (0, ACK, 2, 10)),
        "again_on_the_same_ports": call(*opening, *closing, (0, SYN, 77, 0), (1, SYN | ACK, 5, 78)),
        "no_beginning": call(*words, *closing),
        "from_the_server": call((1, PSH | ACK, 101, 6, b"server"), (0, ACK, 6, 107)),
        "from_the_answer": call(*opening[1:], *words),
        "lost": call(*opening, (0, ACK, 4294967291 + 50, 101, b"later"), *words, *words),
        "many": [packet for port in range(8)
                 for packet in between((CLIENT4, SERVER4), (40000 + port, 80))(*opening)],
    }


def captures():
    talks = conversations()
    framed = {name: [ethernet(packet, 0x86DD if packet[0] >> 4 == 6 else 0x0800)
                     for packet in talk] for name, talk in talks.items()}
    call = framed["call"]
    made = {f"talk_{name}": pcap(talk) for name, talk in framed.items()}
    for name, order in (("little", "<"), ("big", ">")):
        for kind, magic in (("micro", 0xA1B2C3D4), ("nano", 0xA1B23C4D), ("modified", 0xA1B2CD34)):
            made[f"pcap_{kind}_{name}"] = pcap(call[:3], order, magic)
        comment = option(order, 1, b"lost") + option(order, 0, b"")
        late = option(order, 5, b"12345678") + option(order, 1, b"arrives after 20.5 ms")
        front = section(order) + interface(order)
        nano = option(order, 9, b"\x09") + option(order, 0, b"")
        made |= {
            f"pcapng_{name}": front + b"".join(enhanced(order, packet) for packet in call[:4]),
            f"pcapng_blocks_{name}": section(order, 4711) + interface(order, 1, 70, nano) +
            interface(order, 101) + enhanced(order, call[0], comment) +
            block(order, 0xBAD, b"whatever") + simple(order, call[1]) +
            enhanced(order, talks["call"][2], late, 1) +
            enhanced(order, talks["call"][3], comment, 1, kind=2),
            f"pcapng_offset_{name}": section(order) + interface(order, 1, 0, option(
                order, 14, struct.pack(order + "q", -1600000000))) + enhanced(order, call[0]),
        }
    for resolution in (0, 12, 30, 0x80, 0x80 + 20, 0xFF):
        made[f"pcapng_resolution_{resolution}"] = section("<") + interface("<", 1, 0, option(
            "<", 9, bytes([resolution]))) + enhanced("<", call[0], units=2**63 + 1)
    for number, wrap in ((0, lambda p: b"\2\0\0\0" + p), (101, bytes), (113, cooked),
                         (276, cooked_2), (147, bytes)):
        made[f"link_{number}"] = pcap([wrap(packet) for packet in talks["call"][:3]], link=number)
    packet = enhanced("<", call[0])
    front = section("<") + interface("<")
    made |= {
        "check_sequences": pcap(call[:3], link=0x50000001),
        "sections": made["pcapng_little"] + made["pcapng_blocks_big"] + made["pcapng_little"],
        "interface_missing": section("<") + packet,
        "interface_simple_missing": section("<") + simple("<", call[0]),
        "block_cut": front + packet[:-9],
        "block_cut_in_header": front + packet + packet[:7],
        "block_end_differs": front + packet[:-4] + b"\0\0\0\1",
        "block_end_differs_unknown": front + block("<", 0xBAD, b"12345678")[:-4] + b"\0\0\0\1",
        "block_of_11": front + struct.pack("<III", 6, 11, 11),
        "block_long": front + struct.pack("<III", 6, 0x7FFFFFFC, 0),
        "block_long_unknown": front + struct.pack("<III", 0xBAD, 0x7FFFFFFC, 0),
        "block_short": front + block("<", 6, b""),
        "block_short_simple": front + block("<", 3, b""),
        "block_short_interface": section("<") + block("<", 1, b""),
        "block_short_section": section("<") + block("<", 0x0A0D0D0A, struct.pack("<I", 0x1A2B3C4D)),
        "packet_beyond_block": front + packet[:20] + b"\xff\0\0\0" + packet[24:],
        "packet_too_large": front + packet[:20] + b"\0\0\0\x7f" + packet[24:],
        "option_beyond_block": front + enhanced("<", call[0], b"\1\0\xff\0"),
        "section_no_mark": section("<")[:8] + b"\0" * 20,
        "section_version": section("<", version=2),
        "record_too_large": pcap(call[:1]) + struct.pack("<IIII", 1, 1, 262145, 262145),
        "record_cut": pcap(call[:2])[:-5],
        "record_cut_in_header": pcap(call[:1]) + b"\0" * 9,
        "record_odd_time": pcap([]) + struct.pack("<IIII", 2**32 - 1, 2**32 - 1, 1, 0) + b"x",
        "header_cut": pcap([])[:20],
        "header_version": pcap([])[:4] + b"\3" + pcap([])[5:],
        "gzip": b"\x1f\x8b\x08\0\0\0\0\0",
        "text": b"GET / HTTP/1.1\r\n\r\n",
        "short": b"\x0a",
        "empty": b"",
    }
    return made


root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus")
for folder, seeds in (("capture", captures()), ("packet", packets() | scripts())):
    (root / folder).mkdir(parents=True, exist_ok=True)
    for name, seed in seeds.items():
        (root / folder / name).write_bytes(seed)
