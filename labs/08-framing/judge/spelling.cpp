#include "spelling.hpp"

#include <algorithm>

namespace lab08 {
namespace {

std::string utf8_of(char32_t point) {
  const auto byte = [](char32_t bits) {
    return static_cast<char>(static_cast<unsigned char>(bits));
  };
  const auto tail = [&](unsigned shift) { return byte(0x80U | ((point >> shift) & 0x3fU)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xc0U | point >> 6U), tail(0)};
  if (point < 0x10000) return {byte(0xe0U | point >> 12U), tail(6), tail(0)};
  return {byte(0xf0U | point >> 18U), tail(12), tail(6), tail(0)};
}

/// \uXXXX, with digits of either case.
std::string escape(Random& random, std::uint32_t unit) {
  const std::string_view digits = random.chance(0.5) ? "0123456789abcdef" : "0123456789ABCDEF";
  std::string text = "\\u";
  for (unsigned shift = 16; shift > 0; shift -= 4) text += digits[(unit >> (shift - 4)) & 15U];
  return text;
}

std::string spell_point(Random& random, char32_t point) {
  constexpr std::string_view short_ones = "\"\\/\b\f\n\r\t";
  constexpr std::string_view their_letters = "\"\\/bfnrt";
  const bool must = point < 0x20 || point == '"' || point == '\\';
  if (!must && !random.chance(0.15)) return utf8_of(point);
  const auto letter = point < 0x80 ? short_ones.find(static_cast<char>(point)) : std::string::npos;
  if (letter != std::string::npos && random.chance(0.5)) return {'\\', their_letters[letter]};
  if (point < 0x10000) return escape(random, point);
  const char32_t rest = point - 0x10000;  // two surrogates
  return escape(random, 0xd800U | rest >> 10U) + escape(random, 0xdc00U | (rest & 0x3ffU));
}

Spelt draw_number(Random& random) {
  const auto whole = static_cast<std::int64_t>(random.between(0, 2'000'000)) - 1'000'000;
  const std::string digits = std::to_string(whole);
  const auto real = static_cast<double>(whole);
  switch (random.between(0, 5)) {
    case 0:
      return {real, digits + ".0"};
    case 1:
      return {real * 100, digits + (random.chance(0.5) ? "e2" : "E+2")};
    case 2:
      return {real + (whole < 0 ? -0.125 : 0.125), digits + ".125"};
    case 3: {
      const std::uint64_t large = random.bits();
      return {large, std::to_string(large)};
    }
    default:
      return {whole, digits};
  }
}

Spelt draw_array(Random& random, std::size_t levels) {
  Spelt array{json::array(), "[" + draw_space(random)};
  for (auto left = random.between(0, 3); left > 0; --left) {
    const Spelt element = draw_value(random, levels - 1);
    if (!array.value.empty()) array.text += "," + draw_space(random);
    array.value.push_back(element.value);
    array.text += element.text + draw_space(random);
  }
  array.text += ']';
  return array;
}

Spelt draw_object(Random& random, std::size_t levels) {
  json value = json::object();
  std::vector<Member> members;
  for (auto left = random.between(0, 3); left > 0; --left) {
    // Within an object of its own, a field may have any name; "command" too.
    const Points key = random.chance(0.2) ? points_of("command") : draw_points(random, 6);
    if (value.contains(utf8(key))) continue;
    const Spelt member = draw_value(random, levels - 1);
    value[utf8(key)] = member.value;
    members.push_back({key, member.text});
  }
  return {value, spell_object(random, members)};
}

bool is_named(const std::string& name) {
  return name == "command" || name == "data_length" ||
         std::count(optional_names().begin(), optional_names().end(), name) > 0;
}

}  // namespace

std::string utf8(const Points& points) {
  std::string text;
  for (const char32_t point : points) text += utf8_of(point);
  return text;
}

Points draw_points(Random& random, std::size_t most) {
  Points points(random.between(0, most), U'\0');
  for (char32_t& point : points) {
    switch (random.between(0, 9)) {
      case 0:
        point = static_cast<char32_t>(random.between(0, 0x1f));
        break;
      case 1:
        point = random.pick<char32_t>({U'"', U'\\', U'/', U'\n', U'\t', U'\x7f'});
        break;
      case 2:
        point = static_cast<char32_t>(random.between(0x80, 0x7ff));
        break;
      case 3:
        point = static_cast<char32_t>(random.between(0x4e00, 0x9fff));
        break;
      case 4:
        point = static_cast<char32_t>(random.between(0x10000, 0x10ffff));
        break;
      default:
        point = static_cast<char32_t>(random.between('a', 'z'));
    }
  }
  return points;
}

Points points_of(std::string_view ascii) {
  return {ascii.begin(), ascii.end()};
}

std::string spell(Random& random, const Points& points) {
  std::string text = "\"";
  for (const char32_t point : points) text += spell_point(random, point);
  return text + '"';
}

Spelt draw_string(Random& random, std::size_t most) {
  const Points points = draw_points(random, most);
  return {utf8(points), spell(random, points)};
}

Spelt draw_plain(Random& random) {
  if (random.chance(0.6)) return draw_string(random);
  const std::uint64_t number = random.bits() >> random.between(0, 63);
  return {number, std::to_string(number)};
}

Spelt draw_value(Random& random, std::size_t levels) {
  switch (random.between(0, levels > 0 ? 6 : 4)) {
    case 0:
      return {nullptr, "null"};
    case 1:
      return random.chance(0.5) ? Spelt{true, "true"} : Spelt{false, "false"};
    case 2:
      return draw_number(random);
    case 3:
    case 4:
      return draw_string(random);
    case 5:
      return draw_array(random, levels);
    default:
      return draw_object(random, levels);
  }
}

std::string spell_object(Random& random, std::vector<Member> members) {
  for (std::size_t i = members.size(); i > 1; --i)
    std::swap(members[i - 1], members[random.between(0, i - 1)]);
  std::string text = "{" + draw_space(random);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) text += "," + draw_space(random);
    text += spell(random, members[i].key) + draw_space(random) + ":" + draw_space(random) +
            members[i].value + draw_space(random);
  }
  return text + "}";
}

std::string draw_space(Random& random) {
  if (random.chance(0.6)) return "";
  return random.text(random.between(1, 2), " \t\n\r");
}

void Drawn::add(std::string_view name, const Spelt& value) {
  fields[std::string(name)] = value.value;
  members.push_back({points_of(name), value.text});
}

void Drawn::add_other(const Points& name, const Spelt& value) {
  fields["others"][utf8(name)] = value.value;
  members.push_back({name, value.text});
}

void Drawn::set(std::string_view name, const std::string& value) {
  drop(name);
  members.push_back({points_of(name), value});
}

void Drawn::drop(std::string_view name) {
  const Points key = points_of(name);
  members.erase(std::remove_if(members.begin(), members.end(),
                               [&key](const Member& member) { return member.key == key; }),
                members.end());
}

Drawn draw_header(Random& random, const HeaderWishes& wishes) {
  Drawn drawn{{{"others", json::object()}}, {}};
  Points command = draw_points(random, 10);
  if (command.empty()) command = points_of("upload");
  drawn.add("command", {utf8(command), spell(random, command)});
  drawn.add("data_length", {wishes.data_length, std::to_string(wishes.data_length)});
  for (const std::string& name : optional_names())
    if (random.chance(0.6)) drawn.add(name, draw_string(random));
  for (auto left = random.between(0, wishes.others); left > 0; --left) {
    const Points name = draw_other_name(random);
    if (!drawn.fields["others"].contains(utf8(name)))
      drawn.add_other(name,
                      wishes.levels > 0 ? draw_value(random, wishes.levels) : draw_plain(random));
  }
  return drawn;
}

const std::vector<std::string>& optional_names() {
  static const std::vector<std::string> names = {"encrypted", "salt", "file_type", "file_name"};
  return names;
}

Points draw_other_name(Random& random) {
  for (;;) {
    Points name = random.chance(0.1)
                      ? points_of(random.pick<std::string>({"Command", "data", "salt ", ""}))
                      : draw_points(random, 8);
    if (!is_named(utf8(name))) return name;
  }
}

}  // namespace lab08
