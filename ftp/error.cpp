#include "error.hpp"

#include <array>
#include <cerrno>
#include <cstring>

namespace ftp {
namespace {

using Code = Error::Code;

struct Row {
  Code code;
  std::string_view spelling;
  Explanation explanation;
};

constexpr std::array rows{
    Row{Code::bad_request,
        "bad-request",
        {"the request cannot be understood", "请求无法理解", "see ftp/PROTOCOL.md for its form",
         "请求的格式见 ftp/PROTOCOL.md"}},
    Row{Code::unknown_command,
        "unknown-command",
        {"there is no such command", "没有这个命令", "say hello to learn the commands",
         "发送 hello 可得知有哪些命令"}},
    Row{Code::bad_name,
        "bad-name",
        {"this cannot be a file's name", "这不能作为文件名",
         "use one name of at most 255 bytes, without '/' or control characters",
         "请使用不超过 255 字节的单个名称，不含“/”和控制字符"}},
    Row{Code::not_found,
        "not-found",
        {"there is no such file", "没有这个文件", "list the files to see their names",
         "列出文件可查看它们的名称"}},
    Row{Code::exists,
        "exists",
        {"the new name is taken", "新名称已被占用", "choose another name, or ask to replace",
         "请换一个名称，或要求替换"}},
    Row{Code::too_large,
        "too-large",
        {"the file is larger than the server takes", "文件超过服务器允许的大小",
         "send it in parts, or ask who runs the server for a higher limit",
         "请分成几部分发送，或请服务器管理者提高上限"}},
    Row{Code::no_space,
        "no-space",
        {"there is no room left on the server", "服务器空间不足",
         "remove files that are not needed, or come back later", "请删除不需要的文件，或稍后再试"}},
    Row{Code::read_only,
        "read-only",
        {"the server's files cannot be changed", "服务器上的文件不可更改",
         "ask who runs the server", "请联系服务器管理者"}},
    Row{Code::damaged,
        "damaged",
        {"the data were damaged on the way; nothing was stored", "数据在途中损坏，未保存",
         "send it again", "请重新发送"}},
    Row{Code::changed,
        "changed",
        {"the earlier part is not the same any more", "先前的部分已经不同",
         "start again from the beginning", "请从头开始"}},
    Row{Code::busy, "busy", {"the server is busy", "服务器繁忙", "try again later", "请稍后再试"}},
    Row{Code::timed_out,
        "timed-out",
        {"nothing moved for too long", "太久没有动静", "connect again and go on",
         "请重新连接后继续"}},
    Row{Code::disconnected,
        "disconnected",
        {"the other end is gone", "对方已断开", "connect again and go on", "请重新连接后继续"}},
    Row{Code::system,
        "system",
        {"the server's machine failed", "服务器出现故障", "the server's log says more",
         "详情见服务器日志"}},
};

}  // namespace

Error system_error(int code, std::string_view tried) {
  const auto kind = [code] {
    switch (code) {
      case ENOENT:
        return Code::not_found;
      case ENOSPC:
      case EDQUOT:
        return Code::no_space;
      case EROFS:
      case EACCES:
      case EPERM:
        return Code::read_only;
      case EMFILE:
      case ENFILE:
      case ENOMEM:
        return Code::busy;
      case EFBIG:
        return Code::too_large;
      case ELOOP:
      case EXDEV:
      case EINVAL:
      case ENAMETOOLONG:
        return Code::bad_name;
      default:
        return Code::system;
    }
  }();
  return {kind, std::string(tried) + ": " + std::strerror(code)};
}

std::string_view spelling(Code code) {
  for (const Row& row : rows)
    if (row.code == code) return row.spelling;
  return "system";
}

Code code_of(std::string_view spelling) {
  for (const Row& row : rows)
    if (row.spelling == spelling) return row.code;
  return Code::system;
}

const Explanation& explain(Code code) {
  for (const Row& row : rows)
    if (row.code == code) return row.explanation;
  return rows.back().explanation;
}

}  // namespace ftp
