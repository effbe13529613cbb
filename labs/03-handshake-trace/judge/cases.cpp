#include "cases.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace lab03 {
namespace {

std::string digits(const char* format, unsigned value) {
  char text[16];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// "c0000201" as "c0 00 02 01".
std::string spaced(const std::string& packed) {
  std::string text;
  for (std::size_t i = 0; i < packed.size(); ++i)
    text += (i > 0 && i % 2 == 0 ? " " : "") + packed.substr(i, 1);
  return text;
}

/// A field as a story shows it: addresses as bytes, what is made of bits in hexadecimal too, a
/// payload by its place.
std::string shown(const std::string& name, const json& value) {
  if (value.is_string()) return spaced(value.get<std::string>());
  if (name == "payload" && value.is_array() && value.size() == 2) {
    const std::string size = value[1].dump();
    if (value[0] == -1)
      return size + tr(" bytes that do not lie in the bytes given", " 个字节，不在给出的字节之中");
    return tr("from byte " + value[0].dump() + " on, " + size + " bytes",
              "从第 " + value[0].dump() + " 个字节起（从 0 数），共 " + size + " 个字节");
  }
  if ((name == "type" || name == "flags" || name == "checksum") && value.is_number_unsigned())
    return value.dump() + digits(" (0x%04x)", value.get<unsigned>());
  return value.dump();
}

bool agree(const std::string& name, const json& got, const json& expected) {
  if (name == "payload" && expected.at(1) == 0) return got.at(1) == 0;
  return got == expected;
}

}  // namespace

std::string hex(std::string_view bytes, std::size_t limit) {
  std::string text;
  for (const char one : bytes.substr(0, limit))
    text += (text.empty() ? "" : " ") +
            digits("%02x", static_cast<unsigned>(static_cast<unsigned char>(one)));
  if (bytes.size() > limit)
    text += tr(" … (" + std::to_string(bytes.size()) + " bytes in all)",
               " …（共 " + std::to_string(bytes.size()) + " 个字节）");
  return text;
}

std::string packed(std::string_view bytes) {
  std::string text = hex(bytes, bytes.size());
  std::erase(text, ' ');
  return text;
}

json parse(Trial& trial, const std::string& layer, const std::string& bytes,
           const std::string& what) {
  trial.input("parse_" + layer + "(" + hex(bytes) + ")");
  trial.step(what);
  const Message answer =
      trial.student.ask({{"call", "parse"}, {"layer", layer}, {"sizes", {bytes.size()}}}, bytes);
  return answer.body.at("value").at(0);
}

json place(std::size_t at, std::size_t size) {
  return json::array({at, size});
}

void expect_fields(Trial& trial, const json& answer, const json& expected) {
  if (answer.contains("error"))
    trial.fail(tr("it is parsed", "应能解析"), tr("the fields of the header", "头部的各字段"),
               answer.at("error").at("kind").get<std::string>() + ": " +
                   dialtone::printable(answer.at("error").at("message").get<std::string>(), 120));
  for (const auto& [name, value] : expected.items()) {
    const json& got = answer.at("fields").at(name);
    if (!agree(name, got, value))
      trial.fail(tr("the field ", "字段 ") + name, shown(name, value), shown(name, got));
  }
}

void expect_refused(Trial& trial, const json& answer, std::initializer_list<const char*> kinds) {
  std::string wanted;
  for (const char* kind : kinds) wanted += (wanted.empty() ? "" : tr(" or ", " 或 ")) + kind;
  const std::string got =
      answer.contains("error") ? answer.at("error").at("kind").get<std::string>() : "";
  for (const char* kind : kinds)
    if (got == kind) return;
  trial.fail(tr("it is refused", "应被拒绝"), wanted,
             got.empty() ? tr("it was parsed", "解析成功了") : got);
}

}  // namespace lab03

int main(int argc, char** argv) {
  std::vector<dialtone::Case> cases;
  for (auto& part : {lab03::link_cases(), lab03::fragment_cases(), lab03::ipv6_cases(),
                     lab03::tcp_cases(), lab03::option_cases(), lab03::cut_cases(),
                     lab03::checksum_cases(), lab03::circle_cases(), lab03::state_cases(),
                     lab03::segment_cases(), lab03::number_cases(), lab03::conversation_cases()})
    std::copy(part.begin(), part.end(), std::back_inserter(cases));
  return dialtone::judge_main(argc, argv, "handshake-trace", cases);
}
