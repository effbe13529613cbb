// What many files use of the standard library's and JSON's templates. Clang instantiates it once,
// with the headers that it precompiles, rather than in each file: two fifths of what it does before
// it writes code. Nobody calls this. GCC would do it in each file.
#pragma once

#include <cstdint>
#include <json_compiled.hpp>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace dialtone::instantiated {

/// A string literal of each length has a constructor of its own.
template <std::size_t... Lengths>
nlohmann::json names_of_lengths(std::index_sequence<Lengths...> /*lengths*/) {
  static constexpr char text[32]{};
  nlohmann::json list = nlohmann::json::array();
  ((list = {{*reinterpret_cast<const char(*)[Lengths + 2]>(text), 0}}), ...);
  return list;
}

inline nlohmann::json made(const std::string& text, std::string_view part,
                           const std::vector<nlohmann::json>& many) {
  using nlohmann::json;
  json one{{"a", text},
           {"b", part},
           {"c", 1},
           {"d", std::int64_t{1}},
           {"e", 1U},
           {"f", 1.0},
           {"g", std::size_t{1}},
           {"h", true},
           {"i", many},
           {"j", nullptr},
           {"k", "text"},
           {"l", std::string("text")},
           {"m", json::object()}};
  one["a"] = text;
  one["b"] = part;
  one["c"] = 1;
  one["d"] = std::int64_t{1};
  one["e"] = std::size_t{1};
  one["f"] = 1.0;
  one["g"] = true;
  one["h"] = "text";
  one["i"] = many;
  one["j"] = std::vector<std::string>{text};
  one["k"] = std::vector<std::int64_t>{1};
  one["l"] = json::array({text, part, 1, "text"});
  one[text] = std::string("text");
  one["m"].push_back(text);
  one["m"].push_back(1);
  one["m"].push_back(one);
  one["m"].push_back({{"a", 1}, {"b", text}});
  one.push_back(names_of_lengths(std::make_index_sequence<24>()));
  return one;
}

inline std::string read(const nlohmann::json& one, std::string_view part) {
  using nlohmann::json;
  std::string text = one.at("a").get<std::string>();
  text = one.at("bc");
  text += one["abc"].dump() + one.value("a", "") + one.value("a", text) + one.dump(2);
  const std::int64_t number = one.at("abcd").get<int>() + one.at("abcde").get<std::int64_t>() +
                              one.value("ab", 1) + one.value("ab", std::int64_t{1});
  const std::uint64_t count = one.at("abcdef").get<std::uint64_t>() + one.at(text).get<unsigned>() +
                              one.value("abc", std::uint64_t{1});
  const auto texts = one.at("a").get<std::vector<std::string>>();
  const auto numbers = one.at("a").get<std::vector<std::int64_t>>();
  if (one.contains("a") && one.contains(text) && one.at("a").get<bool>() && one.value("a", true) &&
      one.is_object() && one == json(1) && one != json(text) && one == "text" && one == 1 &&
      one == text && number > 0 && count > 0 && one.at("a").get<double>() > 0)
    text += numbers.empty() ? "" : texts.front();
  for (const json& each : one) text += each.dump();
  for (const auto& [name, value] : one.items()) text += name + value.dump();
  if (const auto found = one.find("a"); found != one.end()) text += found->dump();
  try {
    text += json::parse(text).dump() + json::parse(part, nullptr, false).dump();
  } catch (const json::exception& wrong) {
    text += wrong.what();
  }
  return text;
}

inline std::string drawn(std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::ostringstream out;
  out << engine() << std::uniform_int_distribution<std::uint64_t>(0, seed)(engine);
  std::map<std::string, std::string> pairs{{"a", "b"}};
  std::map<std::string, int> counts;
  std::set<std::string> names{"a"};
  std::vector<std::string> words(1);
  std::vector<int> numbers{1};
  std::vector<std::byte> bytes(1);
  pairs["c"] = "d";
  ++counts["c"];
  names.insert("b");
  words.push_back("c");
  words.emplace_back("d");
  words.emplace_back(std::string_view("e"));
  words.insert(words.end(), names.begin(), names.end());
  words.insert(words.end(), words.begin(), words.end());
  numbers.push_back(1);
  bytes.push_back(std::byte{1});
  std::optional<std::string> maybe = words.back();
  std::optional<std::uint64_t> number = seed;
  std::optional<std::vector<std::string>> several = words;
  const std::span<const std::byte> view(bytes);
  const std::vector<std::string> copied = *several;
  return out.str() + maybe.value_or("") + std::to_string(number.value_or(view.size())) +
         pairs["c"] + copied.front();
}

}  // namespace dialtone::instantiated
