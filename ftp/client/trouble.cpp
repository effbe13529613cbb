#include "trouble.hpp"

#include <utf8proc.h>

#include <cerrno>
#include <cstring>

#include "language.hpp"
#include "terminal.hpp"

namespace ftp::client {

using dialtone::tr;

namespace {

std::string reason_of(const Error& error) {
  const Explanation& words = explain(error.code);
  std::string text = tr(words.en, words.zh);
  if (!error.detail.empty()) text += tr(" (", "（") + excerpt(error.detail) + tr(")", "）");
  return text + tr("; ", "；") + tr(words.advice_en, words.advice_zh);
}

std::string advice_on(int code) {
  switch (code) {
    case ENOENT:
      return tr("; check the path", "；请检查路径");
    case EACCES:
    case EPERM:
    case EROFS:
      return tr("; choose a place that you may use", "；请换一个有权限的位置");
    case ENOSPC:
    case EDQUOT:
      return tr("; make room, then try again: it goes on where it stopped",
                "；请腾出空间后重试，会从中断处继续");
    case EISDIR:
      return tr("; name a file", "；请指定文件");
    default:
      return "";
  }
}

/// Whether a terminal may be shown this character: neither control nor format (which may turn the
/// direction of a text around), but the joiners that emoji are made with.
bool harmless(utf8proc_int32_t point) {
  if (point == 0x200c || point == 0x200d) return true;
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return true;
  }
}

}  // namespace

Refused::Refused(const Error& error) : Trouble(error.code, reason_of(error)) {}

Refused::Refused(Error::Code code, const std::string& words)
    : Trouble(code, tr("the server says: ", "服务端说：") + excerpt(words)), words_(words) {}

LocalTrouble::LocalTrouble(std::string_view tried, int code)
    : Trouble(system_error(code, "").code,
              visible(tried) + tr(": ", "：") + std::strerror(code) + advice_on(code)) {}

std::string visible(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string shown;
  while (!text.empty()) {
    utf8proc_int32_t point = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                         static_cast<utf8proc_ssize_t>(text.size()), &point);
    const std::size_t bytes = length > 0 ? static_cast<std::size_t>(length) : 1;
    if (length > 0 && harmless(point)) {
      shown += text.substr(0, bytes);
    } else {
      for (const char raw : text.substr(0, bytes)) {
        const auto value = static_cast<unsigned char>(raw);
        shown += {'\\', 'x', digits[value >> 4U], digits[value & 15U]};
      }
    }
    text.remove_prefix(bytes);
  }
  return shown;
}

std::string excerpt(std::string_view words) {
  constexpr std::size_t most_columns = 200;
  return dialtone::clip(visible(words.substr(0, 4 * most_columns)), most_columns);
}

}  // namespace ftp::client
