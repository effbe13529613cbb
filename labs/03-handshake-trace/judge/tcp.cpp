// TCP's header, and its options.
#include <algorithm>

#include "cases.hpp"
#include "options.hpp"
#include "packets.hpp"

namespace lab03 {
namespace {

json parse_segment(Trial& trial, const TcpPlan& segment) {
  return parse(trial, "tcp", segment.bytes(),
               tr("TCP: a header of " + std::to_string(segment.header_size()) + " bytes, " +
                      std::to_string(segment.payload.size()) + " bytes of data",
                  "TCP：头部 " + std::to_string(segment.header_size()) + " 个字节，数据 " +
                      std::to_string(segment.payload.size()) + " 个字节"));
}

void tcp_headers(Trial& trial) {
  Random& random = trial.random;
  TcpPlan segment = draw_tcp(random);
  if (trial.index < 8) {
    segment.flags = static_cast<std::uint8_t>(1U << trial.index);
    segment.reserved = 0;
  }
  const std::size_t words = trial.index == 0 ? 0 : trial.index == 1 ? 10 : random.between(0, 10);
  segment.options = std::string(4 * words, '\1');  // fillers: the options are another case's
  if (trial.index >= 8 && trial.index % 4 == 0) {
    segment.offset = static_cast<unsigned>(random.chance(0.4) ? 4 : random.between(0, 4));
    return expect_refused(trial, parse_segment(trial, segment), {"bad_length"});
  }
  expect_fields(trial, parse_segment(trial, segment),
                {{"source_port", segment.source_port},
                 {"destination_port", segment.destination_port},
                 {"sequence", segment.sequence},
                 {"acknowledgement", segment.acknowledgement},
                 {"flags", segment.flags},
                 {"window", segment.window},
                 {"checksum", segment.checksum},
                 {"urgent", segment.urgent},
                 {"header_length", segment.header_size()}});
}

// --- options ---

/// What parse_tcp says of these options, in a segment whose data may follow.
json options_of(Trial& trial, const std::string& bytes) {
  TcpPlan segment = draw_tcp(trial.random);
  segment.reserved = 0;
  segment.options = bytes;
  const json answer = parse_segment(trial, segment);
  trial.step(tr("its options: ", "选项：") + hex(bytes));
  expect_fields(trial, answer, json::object());
  return answer.at("fields").at("options");
}

void expect_option_field(Trial& trial, const std::string& name, const json& got,
                         const json& expected) {
  if (got != expected)
    trial.fail(tr("the option field ", "选项字段 ") + name, expected.dump(), got.dump());
}

/// Fills up to a multiple of 4 bytes with fillers, or with an end of the list and anything behind.
std::string padded(Random& random, std::string bytes) {
  const std::size_t missing = (4 - bytes.size() % 4) % 4;
  if (missing == 0) return bytes;
  if (random.chance(0.5)) return bytes + std::string(missing, '\1');
  return bytes + std::string(1, '\0') + random.bytes(missing - 1);
}

std::string filler(std::size_t count) {
  return std::string(count, '\1');
}

/// Lists as systems send them, and the corners of the rules.
std::vector<OptionList> known_lists(Random& random) {
  const auto any = [&random] { return static_cast<std::uint32_t>(random.bits()); };
  std::vector<OptionList> lists(12);
  lists[1].segment_size(1460).sack_permitted().timestamps(any(), any()).raw(filler(1)).scale(7);
  lists[2].segment_size(65495).raw(filler(1)).scale(8).raw(filler(2)).sack_permitted();
  lists[3].raw(filler(2)).timestamps(any(), any());
  lists[4].raw(filler(2)).sack(random, 4);
  lists[5].raw(filler(2)).timestamps(any(), any()).raw(filler(2)).sack(random, 3);
  // The list ends; what looks like options behind it is none.
  lists[6].scale(3).raw(number8(0) + number8(2) + number8(4) + number16(536) + number16(0x0402));
  // Not known: skipped by their lengths.
  lists[7].raw(number16(0x2202)).raw(number16(0x1e06) + "abcd").segment_size(1220);
  lists[8].raw(number16(0xfd03) + number8(2)).timestamps(any(), any());
  // Twice: the later one counts.
  lists[9].segment_size(536).segment_size(1460).scale(2).scale(14);
  lists[10].sack(random, 2).sack(random, 1);
  lists[11].scale(255).raw(number8(1)).timestamps(0, 0xffffffff).timestamps(1, 0);
  return lists;
}

void tcp_options(Trial& trial) {
  Random& random = trial.random;
  const auto known = known_lists(random);
  OptionList list = trial.index < known.size() ? known[trial.index]
                                               : draw_options(random, random.between(1, 6), 40);
  const json options = options_of(trial, padded(random, list.bytes()));
  for (const auto& [name, value] : list.meaning().items())
    expect_option_field(trial, name, options.at(name), value);
}

/// One broken option. From it on the list has `room` bytes, or up to 3 more.
std::string draw_broken(Trial& trial, std::size_t room) {
  Random& random = trial.random;
  const auto any_kind = [&random] {
    return number8(random.pick<std::uint8_t>({2, 3, 4, 5, 8, 30, 34, 254}));
  };
  const std::vector<std::string> corners = {number16(0x0200),
                                            number16(0x0301),
                                            number16(0x0501),
                                            number16(0x0203) + "a",
                                            number16(0x0205) + "abc",
                                            number16(0x0304) + "ab",
                                            number16(0x0302),
                                            number16(0x0403) + "a",
                                            number16(0x0509) + "abcdefg",
                                            number16(0x0506) + "abcd",
                                            number16(0x0809) + "abcdefg",
                                            number16(0x080b) + "abcdefghi",
                                            number16(0x0802),
                                            number16(0x1e00),
                                            number16(0x1e01)};
  if (trial.index < corners.size()) return corners[trial.index];
  switch (random.between(0, 3)) {
    case 0:
      return any_kind() + number8(random.between(0, 1));
    case 1:  // beyond the header, into the data
      return any_kind() + number8(random.between(room + 4, random.chance(0.5) ? room + 8 : 255));
    case 2:  // nothing but its kind
      return any_kind();
    default:
      return random.pick(corners);
  }
}

/// Whether the field says that such an option was read. What its value is, is another case's.
bool is_there(const json& field) {
  return field.is_boolean() ? field.get<bool>() : !field.is_null() && field != 0;
}

void broken_options_end_the_list(Trial& trial) {
  Random& random = trial.random;
  OptionList list;
  if (random.chance(0.5)) list.segment_size(static_cast<std::uint16_t>(random.bits()));
  const std::size_t room = random.between(3, 6) * 4;
  std::string broken = draw_broken(trial, room);
  const bool at_the_end = broken.size() == 1;  // its kind is the last byte of the header
  const bool has_scale = at_the_end || random.chance(0.5);
  if (has_scale) list.scale(static_cast<std::uint8_t>(random.bits()));
  std::string bytes = list.bytes() + broken;
  // Behind it lie options that would be read where its length was believed, or passed over.
  while (!at_the_end && bytes.size() < list.bytes().size() + room)
    bytes += bytes.size() % 2 == 0 ? number16(0x0402) : number8(1);
  while (bytes.size() % 4 != 0) bytes += number8(1);
  const json options = options_of(trial, bytes);
  expect_option_field(trial, "broken", options.at("broken"), true);
  for (const char* name :
       {"maximum_segment_size", "window_scale", "sack_permitted", "sack_blocks", "timestamps"}) {
    const bool kept = is_there(list.meaning().at(name));
    if (is_there(options.at(name)) != kept)
      trial.fail(
          std::string(name),
          kept ? tr("it is kept: it stands before the broken option", "应保留：它在损坏的选项之前")
               : tr("it is not read: it is broken, or stands behind the broken option",
                    "不应读出：它已损坏，或在损坏的选项之后"),
          options.at(name).dump());
  }
}

}  // namespace

std::vector<Case> tcp_cases() {
  return {{"tcp_headers", 200, tcp_headers}};
}

std::vector<Case> option_cases() {
  return {{"tcp_options", 200, tcp_options},
          {"broken_options_end_the_list", 200, broken_options_end_the_list}};
}

}  // namespace lab03
