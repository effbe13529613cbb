#include "cases.hpp"

#include <algorithm>
#include <iterator>

namespace lab08 {

std::string prefix_of(std::uint32_t length) {
  std::string bytes;
  for (unsigned shift = 0; shift < 32; shift += 8)
    bytes += static_cast<char>(static_cast<unsigned char>(length >> shift));
  return bytes;
}

Message ask(Trial& trial, const std::string& story, const json& request, std::string_view payload) {
  trial.input(story);
  trial.step(story);
  return trial.student.ask(request, payload);
}

Message parse(Trial& trial, const std::string& text, const json& limits) {
  std::string story = "parse_header(" + dialtone::printable(text, 300) + ")";
  if (!limits.empty()) story += tr(", limits ", "，限制 ") + limits.dump();
  return ask(trial, story, {{"call", "parse_header"}, {"limits", limits}}, text);
}

void expect_fields(Trial& trial, const json& got, const json& expected) {
  if (got == expected) return;
  const auto told = [](const json& fields) {
    return dialtone::printable(fields.dump(-1, ' ', false, json::error_handler_t::replace), 600);
  };
  trial.fail(tr("the fields of the header", "头部的各字段"), told(expected), told(got));
}

void expect_number_in(Trial& trial, const std::string& message, std::uint64_t number) {
  const std::string digits = std::to_string(number);
  const auto is_digit = [&message](std::size_t at) {
    return at < message.size() && message[at] >= '0' && message[at] <= '9';
  };
  for (std::size_t at = message.find(digits); at != std::string::npos;
       at = message.find(digits, at + 1))
    if (!is_digit(at + digits.size()) && (at == 0 || !is_digit(at - 1))) return;
  trial.fail(tr("the message names the numbers", "消息里写出了数目"), digits,
             dialtone::printable(message, 200));
}

}  // namespace lab08

int main(int argc, char** argv) {
  std::vector<dialtone::Case> cases;
  for (auto& part : {lab08::length_cases(), lab08::reading_cases(), lab08::writing_cases(),
                     lab08::decoder_cases(), lab08::stream_cases(), lab08::digest_cases()})
    std::copy(part.begin(), part.end(), std::back_inserter(cases));
  return dialtone::judge_main(argc, argv, "framing", cases);
}
