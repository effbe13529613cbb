// What can go wrong between a caller and the store, as a value that both ends can explain.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace ftp {

struct Error {
  enum class Code {
    bad_request,      ///< a header that is none, or lacks what its command needs
    unknown_command,  ///< not one of the named commands
    bad_name,         ///< a file name that is refused: empty, "..", with '/', NUL, not UTF-8, ...
    not_found,        ///< no file of that name
    exists,           ///< a rename would replace a file
    too_large,        ///< above the largest file that the server takes
    no_space,         ///< the quota or the disk is full
    read_only,        ///< the store cannot be written (EROFS, EACCES)
    damaged,          ///< the bytes are not those that the digest was made of
    changed,          ///< a resume whose earlier part is not the same any more
    busy,             ///< no more sessions, or no more descriptors, for now
    timed_out,        ///< a caller that moved no byte for too long
    disconnected,     ///< the other end is gone
    system,           ///< any other failed system call
  };
  Code code = Code::system;
  std::string detail;  ///< what was tried on what, and why not: "store img/a.png: File too large"
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(Error::Code code, std::string detail) {
  return tl::unexpected(Error{code, std::move(detail)});
}

/// The failure of a system call: `tried` ("store img/a.png"), then what errno means. ENOENT is
/// not_found, ENOSPC and EDQUOT no_space, EROFS, EACCES and EPERM read_only, EMFILE, ENFILE and
/// ENOMEM busy, EFBIG too_large; ELOOP, EXDEV, EINVAL and ENAMETOOLONG are of the name (bad_name).
Error system_error(int code, std::string_view tried);

/// A code as the wire spells it: "not-found".
std::string_view spelling(Error::Code code);
/// The code that is spelt so; system for a spelling that this version does not know.
Error::Code code_of(std::string_view spelling);

/// What a person is told of a code: what happened, and what to do about it, in both languages.
struct Explanation {
  std::string_view en, zh;
  std::string_view advice_en, advice_zh;
};
const Explanation& explain(Error::Code code);

}  // namespace ftp
