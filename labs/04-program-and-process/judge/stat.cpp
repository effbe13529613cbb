// parse_stat. The texts are built from known values.
#include <algorithm>
#include <limits>

#include "texts.hpp"

namespace lab04 {
namespace {

using dialtone::Random;

constexpr std::size_t texts_per_request = 50;

/// A line of /proc/PID/stat in its parts: the fields by their numbers, from 1 on.
struct Line {
  std::vector<std::string> fields;  ///< [0] is unused, [2] the name without its parentheses
  std::string newline;
  std::string behind_24;  ///< begins with a space where there is anything

  std::string text() const {
    std::string all = fields[1] + " (" + fields[2] + ")";
    for (std::size_t i = 3; i < fields.size(); ++i) all += " " + fields[i];
    return all + behind_24 + newline;
  }
};

struct Made {
  Line line;
  json fields;
};

/// Fields that parse_stat gives: their numbers, names and widths in bits (negative: signed).
struct Field {
  std::size_t number;
  const char* name;
  int bits;
};
constexpr Field looked_at[] = {{1, "pid", 31},
                               {4, "parent", 31},
                               {5, "group", 31},
                               {6, "session", 31},
                               {14, "user_ticks", 64},
                               {15, "system_ticks", 64},
                               {20, "threads", -64},
                               {22, "start_ticks", 64},
                               {23, "virtual_bytes", 64},
                               {24, "resident_pages", -64}};

Made make_line(Random& random, const std::string& name) {
  Made made;
  Line& line = made.line;
  // Those that are not looked at may be anything without a space.
  const std::vector<std::string> any = {"0", "-1", "34816", "4194560", "18446744073709551615", "?"};
  line.fields.assign(25, "");
  for (std::string& one : line.fields) one = random.pick(any);
  line.fields[2] = name;
  line.fields[3] = random.text(1, "RSDZTtXIWKP");
  for (const Field& field : looked_at) {
    const auto bits = static_cast<unsigned>(field.bits < 0 ? 63 : field.bits);
    const std::uint64_t number = draw_number(random, bits);
    if (field.bits < 0 && random.chance(0.1)) {
      const std::int64_t negative = -static_cast<std::int64_t>(number);
      line.fields[field.number] = std::to_string(negative);
      made.fields[field.name] = negative;
    } else {
      line.fields[field.number] = std::to_string(number);
      made.fields[field.name] = number;
    }
  }
  made.fields["name"] = to_hex(name);
  made.fields["state"] = to_hex(line.fields[3]);
  if (random.chance(0.8)) line.newline = "\n";
  switch (random.between(0, 3)) {
    case 0:
      break;
    case 1:
      line.behind_24 = " what comes here  is not looked at";
      break;
    default:
      for (int i = 25; i <= 52; ++i) line.behind_24 += " " + std::to_string(random.between(0, 99));
  }
  return made;
}

std::string plain_name(Random& random) {
  return random.text(random.between(1, 15), "abcdefghijklmnopqrstuvwxyz0123456789-_/:.");
}

/// Any bytes but NUL, among them those that a hasty reader trips over.
std::string odd_name(Random& random) {
  const std::vector<std::string> traps = {
      "",   " ",    ")",  "(",  "()",       ")(",      ") S 1 (",    "a b",      "a) b",
      "\n", "a\nb", "((", "))", "(sd-pam)", ") R 7 7", "x) Z 0 0 0", "\xff\xfe", "汉字"};
  std::string name = random.pick(traps);
  while (random.chance(0.4)) {
    std::string more = random.chance(0.5) ? random.pick(traps) : random.bytes(random.between(1, 5));
    std::replace(more.begin(), more.end(), '\0', ')');
    name += more;
  }
  return name.substr(0, 15);
}

Known known(const Made& made) {
  return {made.line.text(), made.fields};
}

void gives_its_fields(Trial& trial) {
  std::vector<Known> list;
  if (trial.index == 0) {
    Made made;
    made.line.fields = {"",        "4711", "cat", "S", "1000", "4711",    "4711", "34816", "4711",
                        "4194304", "95",   "0",   "0", "0",    "3",       "7",    "0",     "0",
                        "20",      "0",    "1",   "0", "88",   "5685248", "230"};
    made.line.newline = "\n";
    made.fields = {{"pid", 4711},
                   {"name", to_hex("cat")},
                   {"state", to_hex("S")},
                   {"parent", 1000},
                   {"group", 4711},
                   {"session", 4711},
                   {"user_ticks", 3},
                   {"system_ticks", 7},
                   {"threads", 1},
                   {"start_ticks", 88},
                   {"virtual_bytes", 5685248},
                   {"resident_pages", 230}};
    list.push_back(known(made));
  }
  while (list.size() < texts_per_request)
    list.push_back(known(make_line(trial.random, plain_name(trial.random))));
  expect_fields(trial, "parse_stat", list);
}

void names_may_hold_parentheses(Trial& trial) {
  std::vector<Known> list;
  while (list.size() < texts_per_request)
    list.push_back(known(make_line(trial.random, odd_name(trial.random))));
  expect_fields(trial, "parse_stat", list, {"name", "state", "pid"});
}

// --- broken ones ---

std::vector<std::string> field_named(std::size_t number) {
  return {"stat: field " + std::to_string(number), "stat: no field " + std::to_string(number)};
}

Broken no_name(Random& random, const Made& made) {
  const std::vector<std::string> texts = {"",
                                          "\n",
                                          "1",
                                          made.line.fields[1] + " cat S 1",
                                          made.line.fields[1] + " (cat S 1",
                                          made.line.fields[1] + " cat) S 1",
                                          made.line.fields[1] + " )cat( S 1"};
  return {random.pick(texts), {"stat: no name"}};
}

/// The text ends before that field.
Broken cut(Random& random, Made made) {
  const std::size_t number = random.between(3, 24);
  made.line.fields.resize(number);
  made.line.behind_24.clear();
  if (random.chance(0.3)) made.line.behind_24 = " ";
  return {made.line.text(), field_named(number)};
}

Broken garbled(Random& random, Made made) {
  const std::size_t which = random.between(0, std::size(looked_at));
  if (which == std::size(looked_at)) {
    made.line.fields[3] = "SS";
    return {made.line.text(), field_named(3)};
  }
  const Field& field = looked_at[which];
  made.line.fields[field.number] =
      draw_no_number(random, static_cast<unsigned>(field.bits < 0 ? 64 : field.bits));
  if (field.bits == 64 && random.chance(0.2)) made.line.fields[field.number] = "-1";
  return {made.line.text(), field_named(field.number)};
}

/// Two spaces where one should be: a field of nothing.
Broken empty_field(Random& random, Made made) {
  const std::size_t number = random.between(3, 24);
  made.line.fields[number].clear();
  if (number == 24 && made.line.behind_24.empty()) made.line.behind_24 = " 0";
  return {made.line.text(), field_named(number)};
}

Broken draw_broken(Random& random) {
  const Made made = make_line(random, plain_name(random));
  switch (random.between(0, 9)) {
    case 0:
      return no_name(random, made);
    case 1:
      return empty_field(random, made);
    case 2:
    case 3:
    case 4:
      return cut(random, made);
    case 5: {
      const std::string text = made.line.text();  // no space before the name, or behind it
      const bool before = random.chance(0.5);
      const std::size_t space = before ? text.find(" (") : text.find(") ") + 1;
      return {text.substr(0, space) + text.substr(space + 1), field_named(before ? 1 : 3)};
    }
    default:
      return garbled(random, made);
  }
}

void broken_is_malformed(Trial& trial) {
  std::vector<Broken> list;
  while (list.size() < texts_per_request) list.push_back(draw_broken(trial.random));
  expect_malformed(trial, "parse_stat", list);
}

}  // namespace

std::vector<Case> stat_cases() {
  return {{"stat_gives_its_fields", 4, gives_its_fields},
          {"names_may_hold_parentheses", 4, names_may_hold_parentheses},
          {"a_broken_stat_is_malformed", 8, broken_is_malformed}};
}

}  // namespace lab04
