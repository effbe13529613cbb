// parse_header. Each text is put together from what it means; a wrong one is wrong in one way.
#include <algorithm>

#include "cases.hpp"

namespace lab08 {
namespace {

/// White space around the object is no matter.
std::string text_of(Random& random, const Drawn& drawn) {
  return draw_space(random) + spell_object(random, drawn.members) + draw_space(random);
}

void expect_read(Trial& trial, const Message& answer, const json& fields) {
  expect_success(trial, answer, tr("the header is read", "头部被读入"));
  expect_fields(trial, answer.body.at("value"), fields);
}

void expect_refused(Trial& trial, const Message& answer, std::string_view kind) {
  expect_kind(trial, answer, kind, tr("it is refused", "被拒绝"));
}

std::uint64_t draw_data_length(Random& random) {
  constexpr std::uint64_t most = std::uint64_t{4} << 30U;
  return random.pick<std::uint64_t>({0, 1, most, random.between(0, most), random.between(0, 100)});
}

HeaderWishes any_header(Random& random) {
  return {random.between(0, 1U << 20U), 2};
}

void named_fields_are_read(Trial& trial) {
  const Drawn drawn = draw_header(trial.random, {draw_data_length(trial.random)});
  expect_read(trial, parse(trial, text_of(trial.random, drawn)), drawn.fields);
}

void other_fields_are_kept(Trial& trial) {
  Drawn drawn = draw_header(trial.random, {trial.random.between(0, 100), 4, 4});
  if (drawn.fields["others"].empty())
    drawn.add_other(draw_other_name(trial.random), draw_value(trial.random, 4));
  expect_read(trial, parse(trial, text_of(trial.random, drawn)), drawn.fields);
}

void null_is_as_good_as_absent(Trial& trial) {
  Drawn drawn = draw_header(trial.random, any_header(trial.random));
  for (const std::string& name : optional_names())
    if (!drawn.fields.contains(name) || trial.random.chance(0.4)) {
      drawn.set(name, "null");
      drawn.fields.erase(name);
    }
  expect_read(trial, parse(trial, text_of(trial.random, drawn)), drawn.fields);
}

void a_missing_field_is_named_missing(Trial& trial) {
  Drawn drawn = draw_header(trial.random, any_header(trial.random));
  const std::size_t which = trial.index % 3;
  if (which != 1) drawn.drop("command");
  if (which != 0) drawn.drop("data_length");
  expect_refused(trial, parse(trial, text_of(trial.random, drawn)), "missing_field");
}

void a_value_of_the_wrong_type_is_refused(Trial& trial) {
  Random& random = trial.random;
  Drawn drawn = draw_header(random, any_header(random));
  if (trial.index % 2 == 0) {
    const std::string digits = std::to_string(random.between(1, 1000));
    const std::vector<std::string> wrong = {digits + ".0", digits + "e2", "\"" + digits + "\"",
                                            "true",        "false",       "[" + digits + "]",
                                            "{}",          digits + ".5", "\"\""};
    drawn.set("data_length",
              trial.index < 2 * wrong.size() ? wrong[trial.index / 2] : random.pick(wrong));
  } else {
    std::vector<std::string> names = optional_names();
    names.emplace_back("command");
    drawn.set(random.pick(names),
              random.pick<std::string>({"1", "0", "-1", "2.5", "true", "false", "[]", "[\"a\"]",
                                        "{}", "{\"a\": \"b\"}"}));
  }
  expect_refused(trial, parse(trial, text_of(random, drawn)), "wrong_type");
}

void a_value_that_cannot_be_is_refused(Trial& trial) {
  Random& random = trial.random;
  Drawn drawn = draw_header(random, any_header(random));
  if (trial.index % 2 == 0)
    drawn.set("command", "\"\"");
  else
    drawn.set("data_length",
              "-" + std::to_string(trial.index == 1 ? 1 : random.between(1, 1ULL << 62U)));
  expect_refused(trial, parse(trial, text_of(random, drawn)), "bad_value");
}

void a_payload_has_a_limit(Trial& trial) {
  Random& random = trial.random;
  const bool usual = trial.index % 4 == 3;
  const std::uint64_t limit =
      usual ? std::uint64_t{4} << 30U : random.bits() >> random.between(1, 63);
  const json limits = usual ? json::object() : json{{"payload", limit}};
  if (trial.index % 2 == 0) {
    const Drawn drawn = draw_header(random, {limit, 1});
    expect_read(trial, parse(trial, text_of(random, drawn), limits), drawn.fields);
  } else {
    const std::uint64_t length = random.chance(0.5) ? limit + 1 : random.between(limit + 1, ~0ULL);
    const Drawn drawn = draw_header(random, {trial.index == 1 ? ~0ULL : length, 1});
    expect_refused(trial, parse(trial, text_of(random, drawn), limits), "too_large");
  }
}

void a_header_has_a_limit(Trial& trial) {
  Random& random = trial.random;
  const Drawn drawn = draw_header(random, any_header(random));
  std::string text = text_of(random, drawn);
  json limits = {{"header", text.size()}};
  if (trial.index < 4) {  // the usual limit, by white space around the object
    text.insert(random.chance(0.5) ? 0 : text.size(), (std::size_t{64} << 10U) - text.size(), ' ');
    limits = json::object();
  }
  if (trial.index % 2 == 0) {
    expect_read(trial, parse(trial, text, limits), drawn.fields);
    return;
  }
  if (trial.index < 4)
    text += ' ';
  else
    limits["header"] = random.chance(0.5) ? text.size() - 1 : random.between(1, text.size() - 1);
  expect_refused(trial, parse(trial, text, limits), "too_large");
}

/// Arrays and objects within one another: `levels` of them.
Spelt draw_nest(Random& random, std::size_t levels) {
  Spelt nest = levels == 0          ? draw_plain(random)
               : random.chance(0.5) ? Spelt{json::array(), "[]"}
                                    : Spelt{json::object(), "{}"};
  for (std::size_t i = 1; i < levels; ++i) {
    if (random.chance(0.5))
      nest = {json::array({nest.value}), "[" + nest.text + "]"};
    else
      nest = {json{{"a", nest.value}}, "{\"a\":" + nest.text + "}"};
  }
  return nest;
}

void nesting_has_a_limit(Trial& trial) {
  Random& random = trial.random;
  const bool usual = trial.index < 4;
  const std::size_t depth = usual ? 16 : random.between(1, 40);
  const json limits = usual ? json::object() : json{{"depth", depth}};
  Drawn drawn = draw_header(random, {100, 1});
  // Siblings of a deep value make it no deeper.
  for (const char* name : {"first", "second"})
    drawn.add_other(points_of(name), draw_nest(random, random.between(0, depth - 1)));
  const bool deep = trial.index % 2 == 1;
  drawn.add_other(points_of("third"), draw_nest(random, depth - 1 + (deep ? 1 : 0)));
  const Message answer = parse(trial, text_of(random, drawn), limits);
  if (deep)
    expect_refused(trial, answer, "too_deep");
  else
    expect_read(trial, answer, drawn.fields);
}

void no_object_has_a_key_twice(Trial& trial) {
  Random& random = trial.random;
  Drawn drawn = draw_header(random, any_header(random));
  const std::size_t which = trial.index % 4;
  if (which == 0) {  // a field with the very same value
    const Member again = random.pick(drawn.members);
    drawn.members.push_back(again);
  } else if (which == 1) {  // another field of the header
    const Points name = draw_other_name(random);
    drawn.drop(utf8(name));
    for (int i = 0; i < 2; ++i) drawn.members.push_back({name, draw_plain(random).text});
  } else {  // within a value; the third way, in two objects beside each other, is allowed
    const Points key = draw_points(random, 6);
    const Spelt one = draw_plain(random);
    const Spelt two = draw_plain(random);
    const bool twice = which == 2;
    Spelt inner{json::array({json{{utf8(key), one.value}}, json{{utf8(key), two.value}}}),
                "[" + spell_object(random, {{key, one.text}}) + "," +
                    spell_object(random, {{key, two.text}}) + "]"};
    if (twice) inner.text = spell_object(random, {{key, one.text}, {key, two.text}});
    for (auto around = random.between(0, 5); around > 0; --around)
      inner = {json::array({inner.value}), "[" + inner.text + "]"};
    drawn.add_other(points_of("where"), inner);
    if (!twice) return expect_read(trial, parse(trial, text_of(random, drawn)), drawn.fields);
  }
  expect_refused(trial, parse(trial, text_of(random, drawn)), "duplicate_key");
}

/// A text that is nearly a header in JSON.
std::string draw_no_json(Trial& trial) {
  Random& random = trial.random;
  Drawn drawn = draw_header(random, any_header(random));
  const std::string object = spell_object(random, drawn.members);
  const std::string inner = object.substr(1, object.size() - 2);
  const auto with = [&](const std::string& value) {
    Drawn wrong = drawn;
    wrong.members.push_back({points_of("x!"), value});
    return spell_object(random, wrong.members);
  };
  // What UTF-8 does not have: lone and missing tails, long forms, surrogates, above U+10FFFF.
  const std::string no_utf8 = random.pick<std::string>(
      {"\xff", "\x80", "\xc3", "\xe4\xbd", "\xf0\x9f\x98", "\xc0\x80", "\xe0\x80\xaf",
       "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"});
  const std::vector<std::string> wrong = {
      "",
      " \n",
      object.substr(0, object.size() - 1),
      object.substr(0, random.between(1, object.size() - 1)),
      object + "}",
      object + "x",
      object + "{}",
      object + "," + object,
      object + std::string(1, '\0'),
      object + std::string("\0garbage", 8),
      std::string(1, '\0') + object,
      "\xef\xbb\xbf" + object,
      "{" + inner + ",}",
      "{," + inner + "}",
      "{" + inner + ",,\"x!\":1}",
      "{" + inner + " \"x!\":1}",
      "{" + inner + ",\"x!\" 1}",
      "{" + inner + ",\"x!\"}",
      "{" + inner + ",x:1}",
      "{" + inner + ",1:1}",
      "{" + inner + ",'x':1}",
      "{" + inner + ",\"x!\":1]",
      "[" + object + "]",
      "\"" + std::string("text") + "\"",
      "17",
      "null",
      "[]",
      object + "// comment",
      "/* comment */" + object,
      with("'x'"),
      with("01"),
      with("+1"),
      with("1."),
      with(".5"),
      with("1e"),
      with("0x10"),
      with("NaN"),
      with("Infinity"),
      with("True"),
      with("None"),
      with("[1,]"),
      with("[1 2]"),
      with("\"\\x41\""),
      with("\"\\u12g4\""),
      with("\"a\nb\""),
      with("\"a\tb\""),
      with(std::string("\"a\0b\"", 5)),
      with("\"a" + no_utf8 + "\""),
      with("\"" + no_utf8 + "z\""),
      "{" + inner + ",\"" + no_utf8 + "\":1}",
      object + no_utf8,
      "\xff\xfe" + object,
  };
  return trial.index < wrong.size() ? wrong[trial.index] : random.pick(wrong);
}

void what_is_no_json_is_refused(Trial& trial) {
  expect_refused(trial, parse(trial, draw_no_json(trial)), "bad_json");
}

}  // namespace

std::vector<Case> reading_cases() {
  return {{"named_fields_are_read", 120, named_fields_are_read},
          {"other_fields_are_kept", 120, other_fields_are_kept},
          {"null_is_as_good_as_absent", 100, null_is_as_good_as_absent},
          {"a_missing_field_is_named_missing", 100, a_missing_field_is_named_missing},
          {"a_value_of_the_wrong_type_is_refused", 120, a_value_of_the_wrong_type_is_refused},
          {"a_value_that_cannot_be_is_refused", 100, a_value_that_cannot_be_is_refused},
          {"a_payload_has_a_limit", 100, a_payload_has_a_limit},
          {"a_header_has_a_limit", 100, a_header_has_a_limit},
          {"nesting_has_a_limit", 100, nesting_has_a_limit},
          {"no_object_has_a_key_twice", 120, no_object_has_a_key_twice},
          {"what_is_no_json_is_refused", 150, what_is_no_json_is_refused}};
}

}  // namespace lab08
