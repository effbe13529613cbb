// The Internet checksum, and TCP's with its pseudo-header.
#include <algorithm>

#include "cases.hpp"
#include "packets.hpp"

namespace lab03 {
namespace {

std::string four_digits(std::uint64_t value) {
  return "0x" + packed(number16(value));
}

void expect_checksum(Trial& trial, const std::string& bytes, std::optional<std::uint32_t> sum) {
  json request = {{"call", "checksum"}};
  if (sum) request["sum"] = *sum;
  trial.input("checksum(" + hex(bytes) + (sum ? ", " + std::to_string(*sum) : "") + ")");
  const std::string size = std::to_string(bytes.size());
  const std::string before = std::to_string(sum.value_or(0));
  trial.step(
      tr("bytes: " + size + ", added to " + before, size + " 个字节，加在 " + before + " 之上"));
  const Message answer = trial.student.ask(request, bytes);
  const std::uint16_t expected = 0xffff - ones_sum(bytes, sum.value_or(0));
  const auto got = answer.body.at("value").get<std::uint16_t>();
  trial.expect(tr("the checksum", "校验和"), got == expected, four_digits(expected),
               four_digits(got));
}

void checksum_of_any_length(Trial& trial) {
  Random& random = trial.random;
  using Sum = std::optional<std::uint32_t>;
  const std::vector<std::pair<std::string, Sum>> corners = {
      {std::string("\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8), {}},  // RFC 1071, section 3
      {"", {}},
      {"\x01", {}},
      {"\xff\xff\xff", {}},
      {std::string(1000, '\0'), {}},
      {std::string(1000, '\xff'), {}},
      {std::string(1001, '\xff'), 0xffffU},
      {"\xff\xfe", 1U},
      {std::string(65'535, '\xff'), {}},
      {"", 0xffffffffU},
      {"\x80\x01", 0xffff0000U},
      {std::string(200'001, '\xff'), 0xffffffffU}};
  if (trial.index < corners.size())
    return expect_checksum(trial, corners[trial.index].first, corners[trial.index].second);
  std::string bytes = random.bytes(random.between(0, random.chance(0.1) ? 3000 : 60));
  if (random.chance(0.3)) std::fill(bytes.begin(), bytes.end(), '\xff');
  Sum sum;
  if (random.chance(0.5)) sum = static_cast<std::uint32_t>(random.bits() >> random.between(32, 60));
  if (random.chance(0.2)) bytes += number16(0xffffU - ones_sum(bytes, sum.value_or(0)));
  expect_checksum(trial, bytes, sum);
}

// --- with the pseudo-header ---

/// A TCP segment on its way between two addresses.
struct Sent {
  std::string source;
  std::string destination;
  std::string segment;

  /// The sum of the pseudo-header: the addresses, the protocol and the length.
  std::uint16_t pseudo_header() const {
    return ones_sum(source + destination + number32(6) + number32(segment.size()));
  }
  std::uint16_t field() const { return ones_sum(segment.substr(16, 2)); }
  void set_field(std::uint16_t sum) { segment.replace(16, 2, number16(sum)); }
  /// What the field must hold.
  std::uint16_t right_field() const {
    Sent empty = *this;
    empty.set_field(0);
    return 0xffff - ones_sum(empty.segment, pseudo_header());
  }
  bool is_right() const { return ones_sum(segment, pseudo_header()) == 0xffff; }
};

Sent draw_sent(Random& random, bool v6, std::size_t data) {
  TcpPlan plan = draw_tcp(random);
  plan.options = std::string(4 * random.between(0, 3), '\1');
  plan.payload = random.bytes(data);
  const std::size_t address = v6 ? 16 : 4;
  Sent sent{random.bytes(address), random.bytes(address), plan.bytes()};
  sent.set_field(sent.right_field());
  return sent;
}

json numbers_of(const std::string& bytes) {
  json numbers = json::array();
  for (const char one : bytes) numbers.push_back(static_cast<unsigned char>(one));
  return numbers;
}

void expect_verdict(Trial& trial, const Sent& sent, const char* expected,
                    const json& more = json::object()) {
  trial.input(tr("verify_checksum: from ", "verify_checksum：从 ") + hex(sent.source) +
              tr(" to ", " 到 ") + hex(sent.destination) + tr(", the segment ", "，报文段 ") +
              hex(sent.segment));
  json request = {{"call", "verify_checksum"},
                  {"source", numbers_of(sent.source)},
                  {"destination", numbers_of(sent.destination)}};
  request.update(more);
  trial.step(tr("a payload of " + std::to_string(sent.segment.size()) + " bytes, IPv",
                "载荷 " + std::to_string(sent.segment.size()) + " 个字节，IPv") +
             (sent.source.size() == 4 ? "4" : "6"));
  for (const auto& [name, value] : more.items()) trial.step(name + " = " + value.dump());
  const Message answer = trial.student.ask(request, sent.segment);
  const auto got = answer.body.at("value").get<std::string>();
  trial.expect(tr("the verdict", "结论"), got == expected, expected, got);
}

void expect_wrong(Trial& trial, Sent sent) {
  Random& random = trial.random;
  const std::vector<std::uint16_t> fields = {
      0, static_cast<std::uint16_t>(0xffff - ones_sum(sent.segment, 0x10000U - sent.field())),
      static_cast<std::uint16_t>(0xffff - sent.pseudo_header())};
  do {
    if (random.chance(0.5)) {
      sent.set_field(random.pick(fields));
    } else {
      char& byte = sent.segment[random.between(0, sent.segment.size() - 1)];
      byte = static_cast<char>(byte ^ 1 << random.between(0, 7));
    }
  } while (sent.is_right() || sent.field() == sent.pseudo_header());
  expect_verdict(trial, sent, "wrong");
}

/// What cannot be judged: a part of a packet, one that was cut, one that has no whole header.
void expect_not_known(Trial& trial, Sent sent, std::size_t way) {
  Random& random = trial.random;
  const std::size_t size = sent.segment.size();
  switch (way % 4) {
    case 0:
      return expect_verdict(trial, sent, "not_known", {{"more_fragments", true}});
    case 1:
      return expect_verdict(trial, sent, "not_known",
                            {{"fragment_offset", 8 * random.between(1, 100)}});
    case 2:
      return expect_verdict(trial, sent, "not_known",
                            {{"payload_length", size + random.between(1, 1000)}});
    default:
      sent.segment.resize(random.chance(0.3) ? 19 : random.between(0, 19));
      return expect_verdict(trial, sent, "not_known");
  }
}

/// Its field holds the pseudo-header's sum, and the whole is right all the same.
Sent right_though_it_looks_left(Random& random) {
  for (;;) {
    Sent sent = draw_sent(random, false, 40);
    sent.set_field(sent.pseudo_header());
    sent.segment.replace(sent.segment.size() - 2, 2, std::string(2, '\0'));
    const std::uint16_t rest = ones_sum(sent.segment, sent.pseudo_header());
    sent.segment.replace(sent.segment.size() - 2, 2, number16(0xffffU - rest));
    if (sent.is_right()) return sent;
  }
}

void tcp_checksum_with_its_pseudo_header(Trial& trial) {
  Random& random = trial.random;
  if (trial.index == 0) return expect_verdict(trial, draw_sent(random, false, 100), "right");
  if (trial.index == 1) return expect_verdict(trial, draw_sent(random, true, 100), "right");
  if (trial.index == 2) return expect_verdict(trial, draw_sent(random, false, 33), "right");
  if (trial.index == 3) return expect_verdict(trial, right_though_it_looks_left(random), "right");
  if (trial.index == 4) return expect_verdict(trial, draw_sent(random, true, 70'001), "right");
  const bool v6 = random.chance(0.5);
  Sent sent = draw_sent(random, v6, random.chance(0.1) ? 1460 : random.between(0, 60));
  switch (trial.index % 4) {
    case 0:
      return expect_verdict(trial, sent, "right");
    case 1:
      return expect_wrong(trial, sent);
    case 2:
      if (sent.is_right()) sent.set_field(sent.pseudo_header());
      return expect_verdict(trial, sent, sent.is_right() ? "right" : "left_to_the_card");
    default:
      return expect_not_known(trial, sent, trial.index / 4);
  }
}

}  // namespace

std::vector<Case> checksum_cases() {
  return {{"checksum_of_any_length", 200, checksum_of_any_length},
          {"tcp_checksum_with_its_pseudo_header", 200, tcp_checksum_with_its_pseudo_header}};
}

}  // namespace lab03
