// The length in front of a header.
#include "cases.hpp"

namespace lab08 {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%02x",
                  static_cast<unsigned>(static_cast<unsigned char>(c)));
    text += (text.empty() ? "" : " ") + std::string(digits);
  }
  return text;
}

std::int32_t draw_length(Trial& trial) {
  const std::vector<std::int32_t> corners = {1,          255,        256, 65535, 65536,
                                             0x01020304, 0x7fffffff, 0,   -1,    -2147483647 - 1};
  return trial.index < corners.size()
             ? corners[trial.index]
             : static_cast<std::int32_t>(static_cast<std::uint32_t>(trial.random.bits()) >>
                                         trial.random.between(0, 24));
}

void a_length_is_written_least_byte_first(Trial& trial) {
  const std::int32_t length = draw_length(trial);
  const Message answer = ask(trial, "to_prefix(" + std::to_string(length) + ")",
                             {{"call", "to_prefix"}, {"length", length}});
  trial.expect_equal(tr("the four bytes, in hexadecimal", "四个字节（十六进制）"),
                     hex(answer.payload), hex(prefix_of(static_cast<std::uint32_t>(length))));
}

Message read(Trial& trial, std::uint32_t bits, std::uint64_t limit) {
  const std::string bytes = prefix_of(bits);
  return ask(trial, "read_prefix(" + hex(bytes) + ", " + std::to_string(limit) + ")",
             {{"call", "read_prefix"}, {"limit", limit}}, bytes);
}

void a_length_is_read_up_to_its_limit(Trial& trial) {
  const std::uint64_t limit =
      trial.index == 0 ? 0x7fffffff : trial.random.between(1, 0x7fffffffU >> trial.index % 31);
  const auto length =
      static_cast<std::uint32_t>(trial.index % 3 == 0 ? limit : trial.random.between(1, limit));
  const Message answer = read(trial, length, limit);
  expect_success(trial, answer, tr("the length is taken", "长度被接受"));
  trial.expect(tr("the length", "长度"), answer.body.at("value") == length, std::to_string(length),
               answer.body.at("value").dump());
}

void a_length_below_one_is_refused(Trial& trial) {
  const std::vector<std::uint32_t> corners = {0, 0xffffffff, 0x80000000, 0xff000000};
  const auto bits = trial.index < corners.size()
                        ? corners[trial.index]
                        : static_cast<std::uint32_t>(trial.random.between(0x80000000, 0xffffffff));
  // A limit that no number of 32 bits exceeds: only the sign can be the reason.
  const std::uint64_t limit =
      trial.random.pick<std::uint64_t>({0xffffffff, 1U << 16U, 1ULL << 40U});
  expect_kind(trial, read(trial, bits, limit), "bad_length", tr("it is refused", "被拒绝"));
}

void a_length_above_its_limit_is_refused(Trial& trial) {
  const std::uint64_t limit = trial.random.between(1, 0x7ffffffeU >> trial.index % 30);
  const auto length = static_cast<std::uint32_t>(
      trial.index % 3 == 0 ? limit + 1 : trial.random.between(limit + 1, 0x7fffffff));
  const Message answer = read(trial, length, limit);
  expect_kind(trial, answer, "too_large", tr("it is refused", "被拒绝"));
  const std::string message = answer.body.at("error").value("message", "");
  expect_number_in(trial, message, length);
  expect_number_in(trial, message, limit);
}

}  // namespace

std::vector<Case> length_cases() {
  return {{"a_length_is_written_least_byte_first", 100, a_length_is_written_least_byte_first},
          {"a_length_is_read_up_to_its_limit", 100, a_length_is_read_up_to_its_limit},
          {"a_length_below_one_is_refused", 100, a_length_below_one_is_refused},
          {"a_length_above_its_limit_is_refused", 100, a_length_above_its_limit_is_refused}};
}

}  // namespace lab08
