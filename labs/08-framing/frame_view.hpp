// Frames as a person reads them, bytes beside what they mean: a part of the demo.
#pragma once

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frame_reader.hpp"

namespace frames_demo {

// --- the members of a header, where they lie -----------------------------------------------------

struct Member {
  std::size_t at = 0;    ///< in the header's text
  std::string_view raw;  ///< with the punctuation around it
  std::string name;      ///< empty where it cannot be read by itself
  nlohmann::json value;
};

inline Member member_of(std::string_view object, std::size_t from, std::size_t to) {
  Member member{from, object.substr(from, to - from), "", nullptr};
  std::string_view inner = member.raw;
  if (from == 0) inner.remove_prefix(std::min(inner.size(), inner.find('{') + 1));
  while (!inner.empty() && inner.back() != ',' && inner.back() != '}') inner.remove_suffix(1);
  if (!inner.empty()) inner.remove_suffix(1);
  const auto read = nlohmann::json::parse("{" + std::string(inner) + "}", nullptr, false);
  if (read.is_object() && read.size() == 1) {
    member.name = read.begin().key();
    member.value = *read.begin();
  }
  return member;
}

/// Cuts an object's text behind each of its own members; together they are the whole text.
inline std::vector<Member> members_of(std::string_view object) {
  std::vector<Member> members;
  std::size_t from = 0;
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const char c = object[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ',' && depth == 1) {
      members.push_back(member_of(object, from, i + 1));
      from = i + 1;
    }
  }
  if (from < object.size()) members.push_back(member_of(object, from, object.size()));
  return members;
}

inline std::string meaning_of(const Member& member) {
  if (member.name.empty()) return in_quotes(member.raw);
  const std::string value = member.value.is_string()
                                ? in_quotes(member.value.get<std::string>())
                                : dialtone::clip(member.value.dump(-1, ' ', true), 256);
  std::string name = in_quotes(member.name, 64);
  name = name.substr(1, name.size() - 2);
  const bool is_length = member.name == "data_length";
  return name + ": " + value + (is_length ? tr(" bytes of payload", " 字节的载荷") : "");
}

// --- rows: offset, bytes, meaning ----------------------------------------------------------------

/// How the rows share the columns of a window.
struct Shape {
  std::size_t bytes = 8;     ///< in a row; 0: too narrow for bytes
  std::size_t meaning = 40;  ///< columns
};

inline Shape shape_of(std::size_t columns) {
  constexpr std::size_t offset = 8;
  constexpr std::size_t gap = 2;
  const std::size_t bytes = columns >= 112 ? 16 : columns >= 72 ? 8 : columns >= 40 ? 4 : 0;
  const std::size_t used = offset + gap + (bytes == 0 ? 0 : bytes * 3 - 1 + gap);
  return {bytes, std::max<std::size_t>(columns > used ? columns - used : 0, 8)};
}

class Rows {
 public:
  /// `all_bytes`: every byte is shown; else as many as there are lines of meaning beside them.
  explicit Rows(std::ostream& out, bool all_bytes = false)
      : out_(out), all_bytes_(all_bytes), shape_(shape_of(dialtone::terminal_columns())) {}

  const Shape& shape() const { return shape_; }

  void add(std::uint64_t offset, std::string_view bytes, const std::string& meaning,
           Colour colour) {
    std::vector<std::string> lines;
    for (const std::string& line : dialtone::wrap(meaning, shape_.meaning))
      for_pieces(line, [&](std::string piece) { lines.push_back(std::move(piece)); });
    const std::size_t needed =
        shape_.bytes == 0 ? 1 : (bytes.size() + shape_.bytes - 1) / shape_.bytes;
    const std::size_t rows = all_bytes_ ? std::max(needed, lines.size()) : lines.size();
    for (std::size_t row = 0; row < rows; ++row) {
      std::string_view here;
      const std::size_t from = std::min(bytes.size(), row * shape_.bytes);
      here = bytes.substr(from, shape_.bytes);
      const bool more = row + 1 == rows && from + here.size() < bytes.size() && shape_.bytes > 0;
      if (more) here.remove_suffix(1);
      std::string left = hex(here);
      if (more) left += std::string(" ") + std::string(glyph("…", "~"));
      print(row == 0 || !here.empty() ? std::to_string(offset + from) : "", left,
            row < lines.size() ? coloured(colour, lines[row]) : "");
    }
  }

  /// A line beneath the rows' meanings that stands for no bytes.
  void remark(const std::string& text, Colour colour) {
    for (const std::string& line : dialtone::wrap(text, shape_.meaning))
      for_pieces(line, [&](const std::string& piece) { print("", "", coloured(colour, piece)); });
  }

 private:
  /// A word longer than the column is cut rather than let through.
  template <class Take>
  void for_pieces(std::string_view line, Take&& take) const {
    while (dialtone::display_width(line) > shape_.meaning) {
      std::size_t size = 0;
      for (;;) {
        const std::size_t next = std::max<std::size_t>(character_size(line.substr(size)), 1);
        if (dialtone::display_width(line.substr(0, size + next)) > shape_.meaning) break;
        size += next;
      }
      take(std::string(line.substr(0, size)));
      line.remove_prefix(size);
    }
    take(std::string(line));
  }

  void print(const std::string& offset, const std::string& bytes, const std::string& meaning) {
    std::string line(8 - std::min<std::size_t>(offset.size(), 8), ' ');
    line = coloured(Colour::dim, line + offset) + "  ";
    if (shape_.bytes > 0) line += dialtone::pad(bytes, shape_.bytes * 3 - 1) + "  ";
    line += meaning;
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out_ << line << '\n';
  }

  std::ostream& out_;
  bool all_bytes_;
  Shape shape_;
};

// --- a frame, shown ------------------------------------------------------------------------------

inline void show_payload(Rows& rows, const Frame& frame) {
  const std::uint64_t offset = frame.offset + frame.head.size();
  const bool text = is_text(frame.begins, frame.payload > frame.begins.size());
  const std::size_t in_row = rows.shape().bytes == 0 ? 8 : rows.shape().bytes;
  for (std::size_t at = 0; at < frame.begins.size();) {
    std::size_t size = 0;
    std::string meaning;
    if (text) {  // no character is cut in two, as long as one fits
      while (at + size < frame.begins.size() && size < in_row) {
        const std::size_t next = std::max<std::size_t>(
            character_size(std::string_view(frame.begins).substr(at + size)), 1);
        if (size > 0 && size + next > in_row) break;
        size += next;
      }
      meaning = in_quotes(std::string_view(frame.begins).substr(at, size));
    } else {
      size = std::min(in_row, frame.begins.size() - at);
      for (const char c : frame.begins.substr(at, size)) meaning += c >= 0x20 && c < 0x7f ? c : '.';
    }
    rows.add(offset + at, std::string_view(frame.begins).substr(at, size), meaning, Colour::cyan);
    at += size;
  }
  if (const auto hidden = frame.payload - frame.begins.size(); hidden > 0)
    rows.remark(std::string(glyph("… ", "... ")) + tr("and ", "还有 ") + std::to_string(hidden) +
                    tr(" bytes more", " 字节"),
                Colour::dim);
}

inline void show_check(Rows& rows, const Frame& frame) {
  if (!frame.whole) return;
  switch (frame.check()) {
    case Frame::Check::none:
      return rows.remark(tr("no digest in the header", "头部里没有摘要"), Colour::dim);
    case Frame::Check::ok:
      return rows.remark(std::string(glyph("✓ ", "ok: ")) +
                             tr("encrypted is the payload's digest", "encrypted 正是载荷的摘要"),
                         Colour::green);
    case Frame::Check::differs:
      return rows.remark(
          std::string(glyph("✗ ", "WRONG: ")) +
              tr("encrypted is not the payload's digest: ", "encrypted 不是载荷的摘要：") +
              frame.digest,
          Colour::red);
  }
}

/// The frame as rows; of an unfinished one, what came.
inline void show_frame(const Frame& frame, bool all_bytes = false) {
  Rows rows(std::cout, all_bytes);
  const std::string_view head = frame.head;
  const std::string_view text = head.substr(std::min(head.size(), framing::prefix_size));
  if (frame.has_header) {
    rows.add(frame.offset, head.substr(0, framing::prefix_size),
             tr("length of the header: ", "头部长度：") + std::to_string(text.size()),
             Colour::yellow);
    for (const Member& member : members_of(text))
      rows.add(frame.offset + framing::prefix_size + member.at, member.raw, meaning_of(member),
               Colour::blue);
  } else if (!head.empty()) {
    rows.add(frame.offset, head, in_quotes(head, 64), Colour::yellow);
  }
  show_payload(rows, frame);
  show_check(rows, frame);
  std::cout.flush();
}

/// The frame as one line of JSON.
inline nlohmann::json json_of(const Frame& frame) {
  nlohmann::json header = frame.header.others;
  header["command"] = frame.header.command;
  header["data_length"] = frame.header.data_length;
  const std::pair<const char*, const std::optional<std::string>&> fields[] = {
      {"encrypted", frame.header.encrypted},
      {"salt", frame.header.salt},
      {"file_type", frame.header.file_type},
      {"file_name", frame.header.file_name}};
  for (const auto& [name, value] : fields)
    if (value) header[name] = *value;
  constexpr const char* checks[] = {"none", "ok", "differs"};
  nlohmann::json line = {
      {"offset", frame.offset}, {"header_bytes", frame.head.size() - framing::prefix_size},
      {"header", header},       {"payload_bytes", frame.payload},
      {"digest", frame.digest}, {"check", checks[static_cast<int>(frame.check())]}};
  if (is_text(frame.begins, false))
    line["payload_text"] = frame.begins;
  else
    line["payload_hex"] = hex(frame.begins);
  return line;
}

}  // namespace frames_demo
