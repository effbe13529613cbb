#include "words.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "decimals.hpp"
#include "drawn_text.hpp"
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
      return tr("exited ", "退出，码 ") + std::to_string(ending.value);
    case Ending::How::killed:
      return tr("killed by ", "被杀死：") + signal_name(ending.value) +
             (ending.core ? tr(", core dumped", "，已转储内存") : "");
    case Ending::How::stopped:
      return tr("stopped by ", "被暂停：") + signal_name(ending.value);
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
  const std::string kept = dialtone::clean(name);
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

void Page::heading(const std::string& title) {
  text_ += coloured(dialtone::Colour::bold, dialtone::clip(title, columns_)) + '\n';
}

void Page::explain(const std::string& text) {
  if (brief_) return;
  for (const std::string& part : dialtone::wrap(text, std::min<std::size_t>(columns(), 90)))
    text_ += std::string(indent, ' ') + part + '\n';
}

void Page::line(const std::string& text) {
  text_ += std::string(indent, ' ') + dialtone::clip(text, columns()) + '\n';
}

void Page::lines(const std::string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    line(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

void Page::table(const dialtone::Table& table) {
  lines(table.text(columns()));
}

}  // namespace process_tour
