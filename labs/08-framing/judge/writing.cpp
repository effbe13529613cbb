// header_text, encode_head and encode. What was written is read here by a JSON library that the
// judge brings itself.
#include <algorithm>

#include "cases.hpp"

namespace lab08 {
namespace {

using Ordered = nlohmann::ordered_json;

std::string told(const json& fields) {
  return dialtone::printable(fields.dump(-1, ' ', false, json::error_handler_t::replace), 400);
}

Message write(Trial& trial, const char* function, const json& fields, std::string_view payload = {},
              json more = json::object()) {
  std::string story = std::string(function) + "(" + told(fields);
  if (!payload.empty()) story += ", " + dialtone::printable(payload);
  story += ")";
  if (!more.empty()) story += " " + more.dump();
  more.update({{"call", function}, {"header", fields}});
  return ask(trial, story, more, payload);
}

json draw_fields(Random& random, std::size_t levels = 0) {
  return draw_header(random, {random.between(0, 1U << 20U), 3, levels}).fields;
}

/// White space that stands outside the strings.
bool has_loose_space(std::string_view text) {
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (!in_string &&
             (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r'))
      return true;
  }
  return false;
}

/// What the text should say as plain JSON: the named fields beside the others.
json flat(const json& fields) {
  json all = fields["others"];
  for (const auto& [name, value] : fields.items())
    if (name != "others") all[name] = value;
  return all;
}

void expect_text(Trial& trial, const std::string& text, const json& fields) {
  const auto read = Ordered::parse(text, nullptr, false);
  trial.expect(tr("the text is one JSON object", "文本是一个 JSON 对象"), read.is_object(),
               tr("an object", "一个对象"), dialtone::printable(text, 400));
  json said = json::parse(text);
  for (const std::string& name :
       optional_names())  // whether null may be written, another case asks
    if (said.contains(name) && said[name].is_null()) said.erase(name);
  expect_fields(trial, said, flat(fields));
}

void a_header_is_written_to_be_read_back(Trial& trial) {
  const json fields = draw_fields(trial.random, 3);
  const Message answer = write(trial, "header_text", fields);
  expect_success(trial, answer, "header_text");
  expect_text(trial, answer.payload, fields);
}

void a_written_header_is_compact(Trial& trial) {
  const json fields = draw_fields(trial.random);
  const Message answer = write(trial, "header_text", fields);
  expect_success(trial, answer, "header_text");
  const auto read = Ordered::parse(answer.payload, nullptr, false);
  std::string keys;
  for (const auto& item : read.items())
    keys += (keys.empty() ? "" : ", ") + dialtone::printable(item.key());
  trial.expect(tr("command and data_length come first", "command 和 data_length 在最前"),
               keys.rfind("\"command\", \"data_length\"", 0) == 0,
               "\"command\", \"data_length\", ...", keys);
  for (const std::string& name : optional_names())
    trial.expect(tr("a field that is not there is left out", "没有的字段不写出来"),
                 fields.contains(name) || !read.contains(name), tr("no ", "没有 ") + name, keys);
  trial.expect(tr("no white space between the parts", "各部分之间没有空白"),
               !has_loose_space(answer.payload), tr("none", "没有"),
               dialtone::printable(answer.payload, 400));
}

struct Wrong {
  json fields;
  std::string raw{};  ///< the field that takes these bytes
  std::string bytes{};
  json limits = json::object();
};

/// A header that would be refused by whoever reads it.
Wrong draw_wrong(Trial& trial) {
  Random& random = trial.random;
  Wrong wrong{draw_fields(random)};
  json& fields = wrong.fields;
  switch (trial.index % 8) {
    case 0:
      fields["command"] = "";
      break;
    case 1:
      fields["others"] =
          random.pick<json>({nullptr, json::array(), "text", 1, json::array({1, 2})});
      break;
    case 2: {
      std::vector<std::string> names = optional_names();
      names.insert(names.end(), {"command", "data_length"});
      const std::string name = random.pick(names);
      // Whether the field itself is there makes no difference.
      fields["others"][name] = fields.contains(name) ? fields[name] : json("x");
      if (random.chance(0.5) && name != "command" && name != "data_length") fields.erase(name);
      break;
    }
    case 3:
      wrong.limits["payload"] = random.between(0, 1000);
      fields["data_length"] = wrong.limits["payload"].get<std::uint64_t>() + random.between(1, 9);
      break;
    case 4: {
      const std::size_t depth = random.between(1, 20);
      json deep = 1;
      for (std::size_t i = 0; i < depth; ++i) deep = json::array({deep});
      fields["others"] = {{"deep", deep}};
      wrong.limits["depth"] = depth;
      break;
    }
    default: {
      std::vector<std::string> places = optional_names();
      places.insert(places.end(), {"command", "others key", "others value"});
      wrong.raw = random.pick(places);
      wrong.bytes = "a" +
                    random.pick<std::string>(
                        {"\xff", "\x80", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) +
                    random.pick<std::string>({"", "z"});
    }
  }
  return wrong;
}

void what_would_be_refused_is_not_written(Trial& trial) {
  const Wrong wrong = draw_wrong(trial);
  const Message answer =
      write(trial, trial.random.chance(0.5) ? "header_text" : "encode_head", wrong.fields,
            wrong.bytes, {{"limits", wrong.limits}, {"raw", wrong.raw}});
  expect_kind(trial, answer, "not_encodable", tr("it is not written", "不写出来"));
}

void a_written_header_keeps_its_limit(Trial& trial) {
  json fields = draw_fields(trial.random);
  if (trial.index % 10 == 0) fields["others"]["long"] = std::string(std::size_t{64} << 10U, 'x');
  const json no_limit = {{"limits", {{"header", 1U << 30U}}}};
  const Message whole = write(trial, "header_text", fields, {}, no_limit);
  expect_success(trial, whole, "header_text");
  const std::size_t size = whole.payload.size();
  const json just_enough = {{"limits", {{"header", size}}}};
  expect_success(trial, write(trial, "header_text", fields, {}, just_enough),
                 tr("a text of just the limit is written", "文本刚好达到上限时照常写出"));
  const bool usual = size > std::size_t{64} << 10U;
  const json too_little = {{"limits", {{"header", size - 1}}}};
  expect_kind(trial, write(trial, "header_text", fields, {}, usual ? json::object() : too_little),
              "not_encodable", tr("a longer one is not", "更长的不写"));
}

/// The prefix says how long the header is, and the header says what it should.
/// Returns what follows them.
std::string expect_head(Trial& trial, const std::string& frame, const json& fields) {
  trial.expect(tr("four bytes of length come first", "开头是四个字节的长度"), frame.size() > 4,
               "> 4", dialtone::printable(frame));
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < 4; ++i)
    length |= static_cast<std::uint32_t>(static_cast<unsigned char>(frame[i])) << 8 * i;
  trial.expect(tr("the length of the header", "头部的长度"), length <= frame.size() - 4,
               "<= " + std::to_string(frame.size() - 4), std::to_string(length));
  expect_text(trial, frame.substr(4, length), fields);
  return frame.substr(4 + length);
}

void a_head_is_prefix_and_header(Trial& trial) {
  const json fields = draw_fields(trial.random);
  const Message answer = write(trial, "encode_head", fields);
  expect_success(trial, answer, "encode_head");
  expect_bytes(trial, tr("nothing follows the header", "头部之后什么都没有"),
               expect_head(trial, answer.payload, fields), "");
}

void a_frame_is_head_and_payload(Trial& trial) {
  json fields = draw_fields(trial.random);
  const std::string payload =
      trial.random.bytes(trial.index == 0 ? 0 : trial.random.between(0, 1U << trial.index % 16));
  fields["data_length"] = payload.size();
  const Message answer = write(trial, "encode", fields, payload);
  expect_success(trial, answer, "encode");
  expect_bytes(trial, tr("the payload", "载荷"), expect_head(trial, answer.payload, fields),
               payload);
}

void a_payload_of_another_length_is_not_encoded(Trial& trial) {
  json fields = draw_fields(trial.random);
  const std::string payload = trial.random.bytes(trial.random.between(1, 40));
  fields["data_length"] = trial.random.pick<std::uint64_t>(
      {payload.size() - 1, payload.size() + 1, 0, trial.random.between(41, 1000)});
  expect_kind(trial, write(trial, "encode", fields, payload), "not_encodable",
              tr("it is not encoded", "不予编码"));
}

}  // namespace

std::vector<Case> writing_cases() {
  return {{"a_header_is_written_to_be_read_back", 120, a_header_is_written_to_be_read_back},
          {"a_written_header_is_compact", 100, a_written_header_is_compact},
          {"what_would_be_refused_is_not_written", 160, what_would_be_refused_is_not_written},
          {"a_written_header_keeps_its_limit", 100, a_written_header_keeps_its_limit},
          {"a_head_is_prefix_and_header", 100, a_head_is_prefix_and_header},
          {"a_frame_is_head_and_payload", 100, a_frame_is_head_and_payload},
          {"a_payload_of_another_length_is_not_encoded", 100,
           a_payload_of_another_length_is_not_encoded}};
}

}  // namespace lab08
