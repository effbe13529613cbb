#include "texts.hpp"

#include <algorithm>
#include <cctype>

namespace lab04 {
namespace {

std::string called(const std::string& parser, const std::string& text) {
  return parser + "(" + dialtone::printable(text, 600) + ")";
}

/// A field as a story shows it: names in clear.
std::string field_text(const std::string& name, const json& value) {
  const bool hex = value.is_string() && (name == "name" || name == "path" || name == "state");
  return name + " = " +
         (hex ? dialtone::printable(from_hex(value.get<std::string>()), 100) : value.dump());
}

void expect_field(Trial& trial, const std::string& told, const std::string& name, const json& got,
                  const json& expected) {
  if (got == expected) return;
  trial.step(told);
  trial.fail(tr("the field ", "字段 ") + name, field_text(name, expected), field_text(name, got));
}

void expect_object(Trial& trial, const std::string& told, const json& got, const json& expected,
                   const std::vector<std::string>& names) {
  for (const auto& [name, value] : expected.items())
    if (names.empty() || std::find(names.begin(), names.end(), name) != names.end())
      expect_field(trial, told, name, got.at(name), value);
}

}  // namespace

json parse_all(Trial& trial, const std::string& parser, const std::vector<std::string>& texts) {
  json lengths = json::array();
  std::string payload;
  for (const std::string& one : texts) {
    lengths.push_back(one.size());
    payload += one;
  }
  json results =
      trial.student.ask({{"call", parser}, {"lengths", lengths}}, payload).body.at("value");
  if (!results.is_array() || results.size() != texts.size()) dialtone::missing_part();
  return results;
}

void expect_fields(Trial& trial, const std::string& parser, const std::vector<Known>& list,
                   const std::vector<std::string>& names) {
  std::vector<std::string> texts;
  for (const Known& one : list) texts.push_back(one.text);
  const json results = parse_all(trial, parser, texts);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string told = called(parser, list[i].text);
    const json& result = results.at(i);
    const json& expected = list[i].fields;
    trial.input(told);
    if (result.contains("error")) {
      trial.step(told);
      trial.fail(
          parser, tr("success", "成功"),
          tr("the failure: ", "失败：") + dialtone::printable(message_of(result.at("error")), 200));
    }
    const json& got = result.at("value");
    if (expected.is_array()) {
      trial.expect(told + tr(": how many lines", "：行数"), got.size() == expected.size(),
                   std::to_string(expected.size()), std::to_string(got.size()));
      for (std::size_t k = 0; k < expected.size(); ++k)
        expect_object(trial, told + tr(", line ", "，行号 ") + std::to_string(k + 1), got.at(k),
                      expected[k], names);
    } else {
      expect_object(trial, told, got, expected, names);
    }
  }
}

void expect_malformed(Trial& trial, const std::string& parser, const std::vector<Broken>& list) {
  std::vector<std::string> texts;
  for (const Broken& one : list) texts.push_back(one.text);
  const json results = parse_all(trial, parser, texts);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string told = called(parser, list[i].text);
    trial.input(told);
    const json& result = results.at(i);
    if (!result.contains("error")) {
      trial.step(told);
      trial.fail(tr("a text that is not as proc(5) says", "不符合 proc(5) 的文本"),
                 "malformed, " + list[i].beginnings.front() + "…",
                 tr("success: ", "成功：") + result.at("value").dump().substr(0, 300));
    }
    const json& error = result.at("error");
    const std::string message = message_of(error);
    const bool named = std::any_of(
        list[i].beginnings.begin(), list[i].beginnings.end(), [&](const std::string& beginning) {
          return message.starts_with(beginning) &&
                 (message.size() == beginning.size() ||
                  std::isalnum(static_cast<unsigned char>(message[beginning.size()])) == 0);
        });
    if (error.at("kind") == "malformed" && named) continue;
    trial.step(told);
    trial.fail(tr("the kind, and what the message names", "错误种类，以及消息所指的位置"),
               "malformed, " + list[i].beginnings.front() + "…",
               error.at("kind").get<std::string>() + ", " + dialtone::printable(message, 200));
  }
}

std::uint64_t draw_number(dialtone::Random& random, unsigned bits) {
  const std::uint64_t most = bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  const std::uint64_t kind = random.between(0, 9);
  if (kind == 0) return most;
  if (kind == 1) return 0;
  if (kind == 2) return most - random.between(0, 3);
  return random.bits() & most & (~std::uint64_t{0} >> random.between(0, 63));
}

std::string draw_no_number(dialtone::Random& random, unsigned bits) {
  const std::vector<std::string> garbled = {"x7",  "7x", "0x10", "+5", "1.5",
                                            "--1", "-",  "1e3",  "１"};
  if (random.chance(0.7)) return random.pick(garbled);
  if (bits >= 64) return random.chance(0.5) ? "18446744073709551616" : "99999999999999999999";
  return std::to_string((std::uint64_t{1} << bits) + random.between(0, 1000));
}

}  // namespace lab04
