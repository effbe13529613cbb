// Variants that are broken on purpose, each named by what it lacks, beside the whole thing.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace switch_demo {

/// Something played whole and without a part of it.
struct Variant {
  std::string id;    ///< for programs: "whole", "no-rbx"
  std::string name;  ///< for people
  std::string told;  ///< what happened, in a line or two
  bool as_it_should = false;
  std::optional<std::int64_t> expected, got;  ///< where it is about a figure
};

/// A broken part: what it is about, and what came of it with and without.
struct Breakage {
  std::string id;  ///< "no-rbx"
  std::string title;
  std::vector<Variant> variants;
  std::string lesson;
};

/// no-rbx, no-critical, no-guard-page, no-yield.
const std::vector<std::string>& breakage_names();

/// Plays one of these. Where this machine cannot show it, there are no variants and the lesson says
/// why.
Breakage play_broken(const std::string& name);

void show(const Breakage& breakage);
nlohmann::ordered_json json_of(const Breakage& breakage);

}  // namespace switch_demo
