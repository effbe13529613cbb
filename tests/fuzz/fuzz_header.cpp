// Any text as a header: it is taken just where an independent reading of the contract, on the JSON
// library's tree instead of its events, takes it; and what was taken can be written and read again.
//
// Input: one byte for limits, then the text.
#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "fuzz_support.hpp"

namespace {

using namespace framing;
using nlohmann::json;

constexpr std::array text_fields = {"encrypted", "salt", "file_type", "file_name"};

/// The tree, and what a tree does not keep: whether a key came twice, and how deep it is nested.
struct Reading {
  json tree;
  bool twice = false;
  std::size_t depth = 0;
};

Reading read_tree(std::string_view text) {
  Reading reading;
  std::vector<std::set<std::string>> open;
  const auto note = [&](int, json::parse_event_t event, json& parsed) {
    using Event = json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      open.emplace_back();
      reading.depth = std::max(reading.depth, open.size());
    } else if (event == Event::object_end || event == Event::array_end) {
      open.pop_back();
    } else if (event == Event::key) {
      reading.twice |= !open.back().insert(parsed.get<std::string>()).second;
    }
    return true;
  };
  reading.tree = json::parse(text, note, false);
  return reading;
}

bool is_right(const Reading& reading, const Limits& limits) {
  const json& tree = reading.tree;
  if (!tree.is_object() || reading.twice || reading.depth > limits.depth) return false;
  const auto command = tree.find("command");
  if (command == tree.end() || !command->is_string() || command->get<std::string>().empty())
    return false;
  const auto length = tree.find("data_length");
  if (length == tree.end() || !length->is_number_integer()) return false;
  if (!length->is_number_unsigned() && length->get<std::int64_t>() < 0) return false;
  if (length->get<std::uint64_t>() > limits.payload) return false;
  return std::all_of(text_fields.begin(), text_fields.end(), [&](const char* name) {
    const auto field = tree.find(name);
    return field == tree.end() || field->is_string() || field->is_null();
  });
}

void must_hold(const Header& header, json tree) {
  fuzz::require(header.command == tree["command"], "the command is kept");
  fuzz::require(header.data_length == tree["data_length"], "the length is kept");
  const std::pair<const char*, const std::optional<std::string>&> fields[] = {
      {"encrypted", header.encrypted},
      {"salt", header.salt},
      {"file_type", header.file_type},
      {"file_name", header.file_name}};
  for (const auto& [name, value] : fields) {
    const bool there = tree.contains(name) && tree[name].is_string();
    fuzz::require(value.has_value() == there && (!there || *value == tree[name]),
                  "a known field is kept, and null is not there");
    tree.erase(name);
  }
  tree.erase("command");
  tree.erase("data_length");
  fuzz::require(header.others == tree, "all other fields are kept");
}

/// A header made of whatever bytes: it is refused, or comes back as it was.
void odd_header(std::string_view text, const Limits& limits) {
  Header header;
  const std::size_t third = text.size() / 3;
  header.command = text.substr(0, third);
  header.data_length = text.size() * 7;
  if (text.size() % 2 == 1) header.file_name = text.substr(third, third);
  if (text.size() % 3 == 1) header.salt = text.substr(third);
  json value = std::string(text.substr(third * 2));
  for (std::size_t depth = text.size() % 20; depth > 0; --depth) value = json::array({value});
  if (text.size() % 5 != 0) header.others[std::string(text.substr(third * 2))] = value;
  if (text.size() % 11 == 7) header.others = value;
  const auto written = header_text(header, limits);
  if (!written) {
    fuzz::require(written.error().kind == Error::Kind::not_encodable, "refused as not_encodable");
    return;
  }
  const auto read = parse_header(*written, limits);
  fuzz::require(read.has_value() && *read == header, "what was written comes back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = std::as_bytes(std::span(data, size));
  const Limits limits = fuzz::limits_of(fuzz::take_byte(input));
  const std::string_view text = fuzz::text_of(input);

  const auto header = parse_header(text, limits);
  // The library skips a byte order mark and takes a NUL for the end; RFC 8259 knows neither.
  const bool comparable = text.size() <= limits.header && !text.starts_with("\xef\xbb\xbf") &&
                          text.find('\0') == std::string_view::npos;
  if (comparable) {
    const Reading reading = read_tree(text);
    fuzz::require(header.has_value() == is_right(reading, limits),
                  "taken just where the contract takes it");
    if (header) must_hold(*header, reading.tree);
  } else {
    fuzz::require(!header, "a text that is no JSON, or too long, is refused");
  }
  if (header) fuzz::must_come_back(*header, limits, text.size());
  if (!header) fuzz::require(!header.error().message.empty(), "a refusal says why");
  odd_header(text, limits);
  return 0;
}
