// What goes wrong with messages on a stream, each thing really played: a part of the demo.
#pragma once

#include <openssl/hmac.h>

#include <cstring>

#include "conversation.hpp"
#include "frame_view.hpp"

namespace frames_demo {

inline void heading(std::string_view english, std::string_view chinese) {
  std::cout << '\n' << coloured(Colour::bold, tr(english, chinese)) << '\n';
}

/// A paragraph, indented, in as many lines as the window asks for.
inline void say(const std::string& text, std::size_t indent = 2) {
  const std::size_t columns = std::max<std::size_t>(dialtone::terminal_columns(), indent + 10);
  for (const std::string& line : dialtone::wrap(text, columns - indent))
    std::cout << std::string(indent, ' ') << dialtone::clip(line, columns - indent) << '\n';
}

inline std::string good(const std::string& text) {
  return coloured(Colour::green, std::string(glyph("✓ ", "+ ")) + text);
}
inline std::string bad(const std::string& text) {
  return coloured(Colour::red, std::string(glyph("✗ ", "- ")) + text);
}

// --- one recv taken for one message --------------------------------------------------------------

/// Reads as one does who takes a recv for a message: prefix, header and payload out of what one
/// call returned, the rest thrown away. Says what it believes.
inline std::string naive_reading(std::string_view came) {
  if (came.size() < framing::prefix_size)
    return bad(tr("fewer than four bytes: crash", "不足四字节：崩溃"));
  std::int32_t length = 0;  // taken as it comes, unchecked, as the course's program does
  std::memcpy(&length, came.data(), sizeof length);
  came.remove_prefix(framing::prefix_size);
  if (length < 0 || static_cast<std::size_t>(length) > came.size())
    return bad(tr("header of ", "头部 ") + std::to_string(length) + tr(" bytes, ", " 字节，只有 ") +
               std::to_string(came.size()) + tr(" there: crash", " 字节：崩溃"));
  const auto header =
      nlohmann::json::parse(came.substr(0, static_cast<std::size_t>(length)), nullptr, false);
  came.remove_prefix(static_cast<std::size_t>(length));
  if (!header.is_object() || !header.contains("command") || !header.contains("data_length"))
    return bad(tr("no JSON: crash", "不是 JSON：崩溃"));
  const auto wanted = header["data_length"].get<std::uint64_t>();
  const std::string command = header["command"].get<std::string>();
  if (came.size() < wanted)
    return bad(command + tr(": takes ", "：把 ") + std::to_string(came.size()) + tr(" of ", " / ") +
               std::to_string(wanted) + tr(" bytes for all", " 字节当成全部"));
  if (came.size() > wanted)
    return bad(command + tr(", and loses ", "，另丢掉 ") + std::to_string(came.size() - wanted) +
               tr(" bytes", " 字节"));
  return good(command);
}

/// What the decoder tells of the same bytes.
inline std::string decoder_reading(FrameReader& reader, std::string_view came) {
  std::string told_of;
  const auto read = reader.read(bytes_of(came), [&](const Frame& frame) {
    told_of += (told_of.empty() ? "" : ", ") + frame.header.command;
  });
  if (!read) return bad(told(read.error().error));
  if (!told_of.empty()) return good(told_of);
  return coloured(Colour::dim, tr("(more to come)", "（还没完）"));
}

inline std::vector<std::string> small_frames() {
  std::vector<std::string> frames;
  for (const auto& [command, payload] :
       {std::pair("first", "one"), std::pair("second", "two"), std::pair("third", "three")}) {
    framing::Header header;
    header.command = command;
    header.data_length = std::strlen(payload);
    frames.push_back(need(framing::encode(header, payload)));
  }
  return frames;
}

inline std::vector<std::string> cut_every(const std::string& stream, std::size_t size) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < stream.size(); at += size)
    pieces.push_back(stream.substr(at, size));
  return pieces;
}

/// Each piece goes through a real socket and is received by itself, before the next is sent: just
/// what a busy network may do, and always the same.
inline void read_both_ways(const std::vector<std::string>& pieces) {
  const Line line = new_line();
  FrameReader reader;
  dialtone::Table table(
      {tr("recv(1024)", "recv(1024)"), tr("naive reader", "天真的读法"), tr("decoder", "解码器")},
      {0});
  for (const std::string& piece : pieces) {
    need(socket_basics::send_all(line.here.get(), bytes_of(piece), soon()));
    char buffer[1024];
    const ssize_t count = ::recv(line.there.get(), buffer, sizeof buffer, 0);
    if (count < 0) throw Failure(std::string("recv: ") + std::strerror(errno));
    const std::string_view came(buffer, static_cast<std::size_t>(count));
    table.add({std::to_string(count), naive_reading(came), decoder_reading(reader, came)});
  }
  std::cout << table.text();
}

/// `cut`: bytes in a piece; 0 plays the three usual ways.
inline void naive(std::size_t cut) {
  const std::vector<std::string> frames = small_frames();
  const std::string stream = frames[0] + frames[1] + frames[2];
  heading("One recv taken for one message", "把一次 recv 当成一条消息");
  if (cut > 0) {
    say(tr("Three frames, ", "三个帧共 ") + std::to_string(stream.size()) +
        tr(" bytes, cut every ", " 字节，每 ") + std::to_string(cut) +
        tr(" bytes:", " 字节切一刀："));
    return read_both_ways(cut_every(stream, std::min<std::size_t>(cut, 1024)));
  }
  say(tr("Each frame by itself: both are right, and so the fault stays hidden.",
         "一帧一到：两种读法都对，毛病也就藏住了。"));
  read_both_ways(frames);
  say(tr("Two frames arrive together, the third cut in two:", "前两帧一起到，第三帧断成两截："));
  const std::size_t half = frames[2].size() - 3;
  read_both_ways({frames[0] + frames[1], frames[2].substr(0, half), frames[2].substr(half)});
}

// --- hostile lengths -----------------------------------------------------------------------------

inline std::string prefixed(std::int32_t length, std::string_view text = "") {
  const auto prefix = framing::to_prefix(length);
  return std::string(reinterpret_cast<const char*>(prefix.data()), prefix.size()) +
         std::string(text);
}

inline std::string framed(std::string_view header) {
  return prefixed(static_cast<std::int32_t>(header.size()), header);
}

inline void hostile() {
  heading("Hostile bytes: each is refused, and costs nothing", "恶意的字节：一律拒绝，不耗代价");
  const std::pair<std::string, std::string> streams[] = {
      {tr("header of -1 bytes", "头部长 -1 字节"), prefixed(-1)},
      {tr("header of 0 bytes", "头部长 0 字节"), prefixed(0)},
      {tr("header of 2 GiB", "头部长 2 GiB"), prefixed(0x7fffffff)},
      {tr("payload of -1 bytes", "载荷长 -1 字节"), framed(R"({"command":"x","data_length":-1})")},
      {tr("payload of 16 EiB", "载荷长 16 EiB"),
       framed(R"({"command":"x","data_length":18446744073709551615})")},
      {tr("a length in words", "长度是字符串"), framed(R"({"command":"x","data_length":"1"})")},
      {tr("two lengths", "两个长度"), framed(R"({"command":"x","data_length":1,"data_length":9})")},
      {tr("20,000 brackets", "两万个括号"),
       framed(R"({"command":"x","data_length":0,"a":)" + std::string(20000, '['))},
      {tr("no UTF-8", "不是 UTF-8"), framed("{\"command\":\"\xff\",\"data_length\":0}")}};
  dialtone::Table table({tr("on the stream", "流上的内容"), tr("the decoder says", "解码器说")});
  for (const auto& [name, stream] : streams) {
    FrameReader reader;
    const auto read = reader.read(bytes_of(stream), [](const Frame&) {});
    table.add({name, read ? bad(tr("taken!", "收下了！")) : good(told(read.error().error))});
  }
  std::cout << table.text();
}

// --- the digest and the forger -------------------------------------------------------------------

inline std::string keyed_mac(std::string_view key, std::string_view text) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &length);
  return {reinterpret_cast<const char*>(mac), length};
}

inline std::string passes(bool it_does) {
  return it_does ? tr("passes", "通过") : tr("is refused", "被拒绝");
}

inline void forged(std::uint64_t seed) {
  heading("The digest is no protection", "摘要不能防篡改");
  dialtone::Random random(seed);
  Message message = make_message("upload", "pay 100 to Lin", random);
  const auto check = [&] {
    return digest_of(message.payload, *message.header.salt) == *message.header.encrypted;
  };
  const std::string key = random.bytes(32);  // known to both ends, and to nobody else
  const std::string mac = keyed_mac(key, message.payload);
  say(good(in_quotes(message.payload) + " " + passes(check()) +
           tr(": as it was sent", "：原样到达")));
  message.payload = "pay 900 to Mao";
  say((check() ? bad : good)(in_quotes(message.payload) + " " + passes(check()) +
                             tr(": changed by accident, or by someone who forgot the digest",
                                "：偶然损坏，或者改的人忘了摘要")));
  message.header.encrypted = digest_of(message.payload, *message.header.salt);
  say((check() ? bad : good)(in_quotes(message.payload) + " " + passes(check()) +
                             tr(": changed, and the digest computed anew; the salt was beside it",
                                "：改完重算了摘要，盐就在旁边")));
  const std::string guess = keyed_mac(*message.header.salt, message.payload);
  const bool fooled = guess == keyed_mac(key, message.payload) || mac == guess;
  say((fooled ? bad : good)(
      in_quotes(message.payload) + " " + passes(fooled) +
      tr(": with a keyed MAC (HMAC-SHA-256) in the digest's place; the forger lacks the key",
         "：换成带密钥的 MAC（HMAC-SHA-256），改的人没有密钥")));
  say(tr("A salted digest finds accidents. Against tampering it takes a keyed MAC, or TLS.",
         "加盐的摘要只能发现意外损坏；要防篡改，需要带密钥的 MAC，或者 TLS。"));
}

}  // namespace frames_demo
