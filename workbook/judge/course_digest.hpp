// Python's text of bytes and the course's digest, computed over the whole text at once: the judges'
// own answer, of no lab's making.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dialtone {

/// What Python's str(data) gives for bytes.
std::string python_text(std::string_view bytes);

/// The course's digest of `bytes`, `times` times one after the other: MD5 over python_text of it
/// all, followed by the salt.
std::string course_digest(std::string_view bytes, std::string_view salt, std::size_t times = 1);

}  // namespace dialtone
