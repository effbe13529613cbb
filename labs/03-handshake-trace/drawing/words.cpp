#include "words.hpp"

#include <array>
#include <cstdio>
#include <utility>

#include "drawn_text.hpp"
#include "language.hpp"
#include "terminal.hpp"

namespace tracing {
namespace {

using dialtone::tr;
namespace flag = handshake_trace::flag;
using handshake_trace::Kind;
using handshake_trace::Verdict;

/// A number of the other direction, relative as the segment's acknowledgement is.
std::string relative(const TracedSegment& segment, std::uint32_t absolute) {
  const auto steps = static_cast<std::int32_t>(absolute - segment.header.acknowledgement);
  return std::to_string(segment.note.acknowledgement + steps);
}

/// With three digits that count, and no zeros behind the point.
std::string three_digits(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
  std::string text = digits;
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

/// Other bytes than ASCII's as \xNN.
std::string in_ascii(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(c);
    if (value < 0x80)
      text += c;
    else
      text += {'\\', 'x', digits[value >> 4U], digits[value & 15U]};
  }
  return text;
}

/// Without the beginning of a character at its end, whose other bytes are elsewhere.
std::string_view whole_characters(std::string_view data) {
  for (std::size_t back = 1; back <= 3 && back <= data.size(); ++back) {
    const auto byte = static_cast<unsigned char>(data[data.size() - back]);
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const std::size_t needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    if (needs > back) data.remove_suffix(back);
    break;
  }
  return data;
}

}  // namespace

std::string flags_text(std::uint8_t flags) {
  constexpr std::array<std::pair<std::uint8_t, const char*>, 8> names = {{{flag::syn, "SYN"},
                                                                          {flag::fin, "FIN"},
                                                                          {flag::rst, "RST"},
                                                                          {flag::psh, "PSH"},
                                                                          {flag::ack, "ACK"},
                                                                          {flag::urg, "URG"},
                                                                          {flag::ece, "ECE"},
                                                                          {flag::cwr, "CWR"}}};
  std::string text;
  for (const auto& [bit, name] : names)
    if ((flags & bit) != 0) text += (text.empty() ? "" : ", ") + std::string(name);
  return text.empty() ? tr("no flags", "无标志") : text;
}

std::vector<std::string> options_text(const TracedSegment& segment, bool unicode) {
  const handshake_trace::Options& options = segment.header.options;
  std::vector<std::string> texts;
  if (options.maximum_segment_size)
    texts.push_back("mss " + std::to_string(*options.maximum_segment_size));
  if (options.window_scale) {
    const unsigned shift = *options.window_scale;
    texts.push_back("ws " + std::to_string(shift) + (unicode ? " (×" : " (x") +
                    std::to_string(1U << (shift < 14 ? shift : 14U)) + ')');
  }
  if (options.sack_permitted) texts.push_back(tr("SACK permitted", "允许 SACK"));
  for (std::size_t i = 0; i < options.sack_blocks && i < options.sack.size(); ++i)
    texts.push_back("sack " + relative(segment, options.sack[i].left) + (unicode ? "–" : "-") +
                    relative(segment, options.sack[i].right));
  if (options.timestamps)
    texts.push_back("ts " + std::to_string(options.timestamps->value) + tr(" echo ", " 回显 ") +
                    std::to_string(options.timestamps->echo));
  if (options.broken) texts.push_back(tr("options broken", "选项有错"));
  return texts;
}

std::string duration_text(Nanoseconds duration, bool unicode) {
  if (duration < 0) return '-' + duration_text(-(duration + 1), unicode);
  const auto value = static_cast<double>(duration);
  if (duration < 1000) return std::to_string(duration) + " ns";
  if (duration < 999'500) return three_digits(value / 1e3) + (unicode ? " µs" : " us");
  if (duration < 999'500'000) return three_digits(value / 1e6) + " ms";
  if (duration < 120'000'000'000) return three_digits(value / 1e9) + " s";
  const std::int64_t seconds = duration / 1'000'000'000;
  return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
}

std::string word_for(End end) {
  return end == End::client ? tr("client", "客户端") : tr("server", "服务端");
}

std::string word_for(Handshake handshake) {
  switch (handshake) {
    case Handshake::complete:
      return tr("complete", "完成");
    case Handshake::simultaneous:
      return tr("simultaneous", "同时打开");
    case Handshake::refused:
      return tr("refused", "被拒绝");
    case Handshake::half_open:
      return tr("half-open", "半开");
    case Handshake::not_seen:
      return tr("not seen", "未见");
  }
  return {};
}

std::string word_for(Ending ending) {
  switch (ending) {
    case Ending::open:
      return tr("open", "未结束");
    case Ending::one_side:
      return tr("one FIN", "单向 FIN");
    case Ending::both_fins:
      return tr("both FINs", "双向 FIN");
    case Ending::reset:
      return "RST";
  }
  return {};
}

std::string word_for(Kind kind) {
  switch (kind) {
    case Kind::syn:
      return "SYN";
    case Kind::syn_ack:
      return "SYN-ACK";
    case Kind::ack:
      return tr("acknowledgement", "确认");
    case Kind::data:
      return tr("data", "数据");
    case Kind::fin:
      return "FIN";
    case Kind::rst:
      return "RST";
    case Kind::retransmission:
      return tr("retransmission", "重传");
    case Kind::out_of_order:
      return tr("out of order", "乱序");
  }
  return {};
}

std::string word_for(Verdict checksum) {
  switch (checksum) {
    case Verdict::right:
      return tr("right", "正确");
    case Verdict::wrong:
      return tr("wrong", "错误");
    case Verdict::left_to_the_card:
      return tr("left to the network card", "留给网卡计算");
    case Verdict::not_known:
      return tr("not known (the segment is not whole)", "无法判断（报文段不完整）");
  }
  return {};
}

std::string class_for(const TracedSegment& segment) {
  if (segment.lost) return "rst";
  switch (segment.note.kind) {
    case Kind::syn:
    case Kind::syn_ack:
      return "syn";
    case Kind::data:
      return "data";
    case Kind::fin:
      return "fin";
    case Kind::rst:
      return "rst";
    case Kind::retransmission:
    case Kind::out_of_order:
      return "again";
    case Kind::ack:
      return "ack";
  }
  return "ack";
}

std::string bytes_text(std::uint64_t bytes) {
  return std::to_string(bytes) + tr(bytes == 1 ? " byte" : " bytes", " 字节");
}

std::string preview(std::string_view data, std::size_t columns, bool unicode) {
  std::string known;
  for (const char c : whole_characters(data)) {
    if (c == '\n' || c == '\r' || c == '\t')
      known += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    else
      known += c;
  }
  if (known.empty() || dialtone::clean(known) != known) return {};
  std::string text;
  for (const std::string_view character : dialtone::characters(known)) {
    const std::string shown = unicode ? std::string(character) : in_ascii(character);
    if (dialtone::display_width(text) + dialtone::display_width(shown) > columns) {
      text += unicode ? "…" : "...";
      break;
    }
    text += shown;
  }
  return unicode ? "“" + text + "”" : '"' + text + '"';
}

}  // namespace tracing
