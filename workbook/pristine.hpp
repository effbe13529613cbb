// The starter as it ships, whatever the student has made of it: found by its recorded digest.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "lab.hpp"
#include "tree.hpp"

namespace dialtone {

/// The SHA-256 of a text in small hexadecimal digits.
std::string sha256(const std::string& text);

/// The digest that labs/starters.sha256 (sha256sum(1)'s format) records for a path; nothing where
/// it records none.
std::optional<std::string> recorded_digest(const std::string& records, const std::string& path);

/// The text of a lab's starter as it ships: the file itself where its digest is the recorded one,
/// else the copy that the build keeps (build/pristine/DIGEST), else the version in git's history
/// that has the digest. Throws Failure where it is in none of them.
std::string pristine_text(const Tree& tree, const Lab& lab);

/// Puts the pristine starter in place; the student's text stays beside it as a backup whose name is
/// returned (empty where there was nothing to keep). Throws Failure.
std::filesystem::path reset_starter(const Tree& tree, const Lab& lab);

}  // namespace dialtone
