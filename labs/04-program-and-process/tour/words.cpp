#include "words.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>

#include "decimals.hpp"
#include "drawn_text.hpp"
#include "failure.hpp"
#include "language.hpp"

namespace process_tour {

using dialtone::tr;
using dialtone::with_decimals;
using program_and_process::Ending;

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? std::string("SIG") + name
                         : tr("signal ", "信号 ") + std::to_string(number);
}

std::string how_it_ended(const Ending& ending) {
  switch (ending.how) {
    case Ending::How::exited:
      return tr("exited ", "退出码 ") + std::to_string(ending.value);
    case Ending::How::killed:
      return tr("killed by ", "被 ") + signal_name(ending.value) + tr("", " 杀死") +
             (ending.core ? tr(", core dumped", "，已转储内存") : "");
    case Ending::How::stopped:
      return tr("stopped by ", "被 ") + signal_name(ending.value) + tr("", " 暂停");
    case Ending::How::continued:
      return tr("goes on", "继续运行");
  }
  return {};
}

std::string state_words(char state) {
  switch (state) {
    case 'R':
      return tr("runs or is ready", "运行或就绪");
    case 'S':
      return tr("waits", "等待");
    case 'D':
      return tr("waits for a device", "等待设备");
    case 'Z':
      return tr("zombie", "僵尸");
    case 'T':
      return tr("stopped", "暂停");
    case 't':
      return tr("traced", "被追踪");
    case 'I':
      return tr("idle kernel thread", "空闲的内核线程");
    default:
      return tr("other", "其他");
  }
}

std::string size_text(std::optional<std::uint64_t> bytes) {
  if (!bytes) return "-";
  const double kilobytes = static_cast<double>(*bytes) / 1024;
  if (kilobytes < 1000) return with_decimals(kilobytes, 0) + " kB";
  if (kilobytes < 1000 * 1024) return with_decimals(kilobytes / 1024, 1) + " MB";
  return with_decimals(kilobytes / 1024 / 1024, 1) + " GB";
}

std::string count_text(std::optional<std::uint64_t> count) {
  if (!count) return "-";
  if (*count < 10'000'000) return std::to_string(*count);
  const double millions = static_cast<double>(*count) / 1e6;
  if (millions < 1e4) return with_decimals(millions, 1) + "M";
  return with_decimals(millions / 1e3, 1) + "G";
}

std::string time_text(double milliseconds) {
  return with_decimals(milliseconds, 1) + " ms";
}

std::string safe(std::string_view name) {
  std::string kept = dialtone::clean(name);
  if (dialtone::locale_is_utf8()) return kept;
  std::string plain;
  for (const std::string_view character : dialtone::characters(kept))
    plain += character.size() == 1 ? character : "?";
  return plain;
}

std::string bar(double share, std::size_t columns) {
  share = std::clamp(share, 0.0, 1.0);
  if (share == 0 || columns == 0) return {};
  if (!dialtone::locale_is_utf8()) {
    const auto full = static_cast<std::size_t>(std::lround(share * static_cast<double>(columns)));
    return std::string(std::max<std::size_t>(full, 1), '#');
  }
  constexpr std::string_view parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = std::max<long>(std::lround(share * 8 * static_cast<double>(columns)), 1);
  std::string text;
  for (long i = 0; i < eighths / 8; ++i) text += "█";
  return text + std::string(parts[eighths % 8]);
}

void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) {
      std::signal(SIGPIPE, SIG_DFL);
      std::raise(SIGPIPE);
    }
    if (count < 0)
      throw dialtone::Failure(tr("cannot write to standard output: ", "无法写入标准输出：") +
                              std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Page::heading(const std::string& title) {
  for (const std::string& part : dialtone::wrap(title, columns_))
    text_ += coloured(dialtone::Colour::bold, part) + '\n';
}

void Page::explain(const std::string& text) {
  if (!brief_) wrapped(text);
}

void Page::line(const std::string& text) {
  text_ += std::string(indent, ' ') + dialtone::clip(text, columns()) + '\n';
}

void Page::wrapped(const std::string& text) {
  for (const std::string& part : dialtone::wrap(text, std::min<std::size_t>(columns(), 90)))
    line(part);
}

void Page::items(const std::string& first, const std::vector<std::string>& items,
                 std::string_view between) {
  const std::size_t width = dialtone::display_width(first);
  const bool hanging = width <= columns() / 3;
  const std::size_t begin = hanging ? width : 2;
  std::string text = first;
  std::size_t at = width;
  if (!hanging) at = columns();  // the items begin on the next line
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string item = items[i] + (i + 1 < items.size() ? std::string(between) : "");
    const std::size_t wide =
        dialtone::display_width(item.substr(0, item.find_last_not_of(' ') + 1));
    if (at > begin && at + wide > columns()) {
      line(text.substr(0, text.find_last_not_of(' ') + 1));
      text = std::string(begin, ' ');
      at = begin;
    }
    text += item;
    at += dialtone::display_width(item);
  }
  line(text);
}

void Page::table(const std::vector<std::string>& head,
                 const std::vector<std::vector<std::string>>& rows,
                 std::initializer_list<std::size_t> right_aligned) {
  dialtone::Table table(head, right_aligned);
  for (const auto& row : rows) table.add(row);
  constexpr std::size_t any = 10'000;
  const std::string text = table.text(any);
  std::vector<std::string> lines;
  std::size_t widest = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    widest = std::max(widest, dialtone::display_width(lines.back()));
    begin = end + 1;
  }
  if (widest <= columns()) {
    for (const std::string& each : lines) line(each);
    return;
  }
  for (const auto& row : rows) {
    line(head[0] + (head[0].empty() ? "" : " ") + row[0]);
    for (std::size_t i = 1; i < row.size(); ++i) {
      std::string before = "  ";
      const std::size_t room = columns() > 4 ? columns() - 4 : 1;
      for (const std::string& part : dialtone::wrap(head[i] + tr(": ", "：") + row[i], room)) {
        line(before + part);
        before = "    ";
      }
    }
  }
}

}  // namespace process_tour
