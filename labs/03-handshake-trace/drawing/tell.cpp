// A sentence for each segment that has something to teach: the handshake in the course's words, who
// hangs up, and what went wrong.
#include "language.hpp"
#include "words.hpp"

namespace tracing {
namespace {

using dialtone::tr;
namespace flag = handshake_trace::flag;
using handshake_trace::Kind;

constexpr std::size_t preview_columns = 28;

/// A segment in its story, as the sentences ask for it.
struct Said {
  Story& story;
  const TracedSegment& segment;
  bool unicode;

  bool has(std::uint8_t bits) const { return (segment.header.flags & bits) == bits; }
  End from() const { return segment.note.from; }
  std::size_t mine() const { return static_cast<std::size_t>(from()); }
  std::size_t others() const { return 1 - mine(); }
  std::string sender() const { return word_for(from()); }
  std::string receiver() const {
    return word_for(from() == End::client ? End::server : End::client);
  }
  std::string number() const { return std::to_string(segment.header.sequence); }
  std::string acknowledged() const { return std::to_string(segment.header.acknowledgement); }

  /// Acknowledges the other end's FIN.
  bool answers_fin() const {
    const auto& fin = story.fin[others()];
    return has(flag::ack) && fin && segment.note.acknowledgement > *fin;
  }
};

std::string step_1(const Said& said) {
  return tr("Step 1: the client asks for a connection (SYN) and names its own mark, the client's "
            "initial sequence number (ISN) ",
            "第一次握手：客户端发出请求链接标识（SYN），同时报上客户端标识，也就是它的初始序号 "
            "ISN ") +
         said.number() + tr(".", "。");
}

std::string step_2(const Said& said) {
  const bool by_one = said.segment.note.acknowledgement == 1;
  return tr("Step 2: the server agrees (ACK): it acknowledges the client's mark",
            "第二次握手：服务端发出同意链接标识（ACK），确认客户端标识") +
         (by_one ? tr(" + 1 = ", " + 1 = ") : tr(" up to ", "直到 ")) + said.acknowledged() +
         tr("; and it asks in its turn (SYN), naming its own mark, the server's ISN ",
            "；又带上自己的请求链接标识（SYN），报上服务端标识，即服务端的 ISN ") +
         said.number() + tr(".", "。");
}

std::string step_3(const Said& said) {
  const bool by_one = said.segment.note.acknowledgement == 1;
  return tr("Step 3: the client acknowledges the server's mark",
            "第三次握手：客户端确认服务端标识") +
         (by_one ? tr(" + 1 = ", " + 1 = ") : tr(" up to ", "直到 ")) + said.acknowledged() +
         tr(". This segment carries both marks, each one further: the line stands.",
            "。这一段带着两个标识（各加了 1），双方都认得这次链接：线路接通。");
}

std::string both_dial(const Said& said) {
  return tr("The server dials at the same moment: its own SYN, with its mark (ISN) ",
            "服务端同时也在拨号：它自己的请求链接标识（SYN）带着服务端标识（ISN）") +
         said.number() +
         tr(", crosses the client's. Such an open is simultaneous.",
            "，与客户端的在途中相遇，这叫同时打开。");
}

std::string of_rst(const Said& said) {
  const Connection* connection = said.story.connection;
  const bool refuses = connection != nullptr && connection->handshake == Handshake::refused &&
                       said.from() == End::server && said.story.step < 2;
  if (refuses)
    return tr("Refused: nobody listens at this port, and RST says so.",
              "拒绝：这个端口没有人在听，用 RST 告知。");
  return tr("Broken off (RST): the ", "强行挂断（RST）：") + said.sender() +
         tr(" drops the connection at once, without a goodbye. What was on its way is lost.",
            "立刻放弃链接，不作告别，途中的数据作废。");
}

/// Whoever has dialled and is dialled answers with the same SYN and an ACK.
std::string agrees_to_dialling(const Said& said) {
  return tr("The ", "") + said.sender() + tr(" agrees (ACK) to the ", "同意（ACK）") +
         said.receiver() +
         tr("'s mark + 1, and repeats its own SYN.", "的标识 + 1，并把自己的 SYN 再说一遍。");
}

std::string of_retransmission(const Said& said) {
  if (said.has(flag::syn | flag::ack) && said.story.dialled[said.mine()] &&
      !said.story.agreed[said.mine()])
    return agrees_to_dialling(said);
  if (said.has(flag::syn) && said.has(flag::ack))
    return tr("Again: no acknowledgement of the server's mark has come, so it repeats its answer.",
              "重传：服务端标识没有等到确认，于是再答一次。");
  if (said.has(flag::syn))
    return tr("Again: no answer came in time, so the same mark is sent once more.",
              "重传：没有按时等到回答，于是带着同一个标识再请求一次。");
  if (said.segment.length == 0)
    return tr("Again: the FIN was not acknowledged in time.", "重传：FIN 没有按时得到确认。");
  std::string text = tr("Retransmission: no acknowledgement of these bytes had come.",
                        "重传：这些字节一直没有等到确认。");
  if (said.segment.note.fresh > 0)
    text += tr(" New among them: ", "其中新的有 ") + bytes_text(said.segment.note.fresh) +
            tr(".", "。");
  return text;
}

std::string of_fin(const Said& said) {
  const bool second = said.story.fin[said.others()].has_value();
  if (!second)
    return tr("Hanging up: the ", "挂断：") + said.sender() +
           tr(" has finished speaking (FIN takes a number, as a byte does). It still listens.",
              "说完了（FIN 像一个字节那样占一个序号），但还在听。");
  if (!said.answers_fin())
    return tr("The ", "") + said.sender() +
           tr(" hangs up too, before it has heard of the other FIN: both close at once.",
              "也挂断了，这时还没有听到对方的 FIN：双方同时关闭。");
  return tr("The ", "") + said.sender() + tr(" has finished speaking, too.", "也说完了。");
}

std::string of_data(const Said& said) {
  const std::string text = preview(said.segment.data, preview_columns, said.unicode);
  if (text.empty()) return {};
  return tr("The ", "") + said.sender() + tr(" says ", "说：") + text + tr(".", "");
}

std::string of_acknowledgement(const Said& said) {
  if (said.answers_fin() && !said.story.fin_told[said.others()]) {
    if (said.story.waits[said.mine()])
      return tr("The last ACK. The ", "最后一个确认。") + said.sender() +
             tr(" stays in TIME-WAIT for a while: were this ACK lost, the FIN would come again, "
                "and somebody must answer it.",
                "还要在 TIME-WAIT 停留一阵：万一这个 ACK 丢了，对方会重发 FIN，得有人回答。");
    return tr("The ", "") + said.sender() + tr(" has heard that the ", "听到了") + said.receiver() +
           tr(" hung up.", "的挂断。");
  }
  return {};
}

/// News of the window: it closes, or opens again.
std::string of_window(const Said& said) {
  if (said.has(flag::syn) || said.has(flag::rst)) return {};
  bool& no_room = said.story.no_room[said.mine()];
  const bool was = std::exchange(no_room, said.segment.header.window == 0);
  if (no_room && !was)
    return tr("Zero window: the ", "零窗口：") + said.sender() +
           tr(" has no room left and asks for a pause.", "的缓冲区满了，请对方先停一停。");
  if (was && !no_room) return tr("There is room again.", "又有空间了。");
  return {};
}

/// What the segment is, in its place in the story.
std::string of_kind(const Said& said) {
  switch (said.segment.note.kind) {
    case Kind::syn:
      if (said.from() == End::server) return both_dial(said);
      said.story.step = 1;
      return step_1(said);
    case Kind::syn_ack:
      if (said.from() == End::client) return {};
      said.story.step = 2;
      return step_2(said);
    case Kind::rst:
      return of_rst(said);
    case Kind::retransmission:
      return of_retransmission(said);
    case Kind::out_of_order:
      return tr("Out of order: bytes that lie behind these went by before them.",
                "乱序：排在它后面的字节先过去了。");
    case Kind::fin:
      return of_fin(said);
    case Kind::data:
      return of_data(said);
    case Kind::ack:
      return of_acknowledgement(said);
  }
  return {};
}

void join(std::string& text, const std::string& more) {
  if (!text.empty() && !more.empty()) text += tr(" ", "");
  text += more;
}

}  // namespace

std::string tell(Story& story, const TracedSegment& segment, bool unicode) {
  const Said said{story, segment, unicode};
  std::string text;
  if (story.first && !said.has(flag::syn))
    text =
        tr("The capture begins here, in the middle of the call: relative numbers count from "
           "this segment on.",
           "抓包从通话中途开始：相对序号从这一段算起。");
  story.first = false;
  // The client's first acknowledgement is the third step, whatever it carries along.
  const bool third = story.step == 2 && said.from() == End::client && said.has(flag::ack) &&
                     !said.has(flag::syn) && !said.has(flag::rst) &&
                     segment.note.acknowledgement >= 1 && !segment.lost;
  if (third) {
    story.step = 3;
    join(text, step_3(said));
  }
  join(text, of_kind(said));
  join(text, of_window(said));
  if (segment.lost)
    join(text, tr("Lost: the ", "丢失：") + said.receiver() +
                   tr(" never sees this segment.", "没有收到这一段。"));
  if (segment.checksum == handshake_trace::Verdict::wrong)
    join(text, tr("Its checksum is wrong: whoever receives it throws it away.",
                  "校验和不对：收到的一方会把它丢弃。"));
  if (said.has(flag::syn)) (said.has(flag::ack) ? story.agreed : story.dialled)[said.mine()] = true;
  if (said.answers_fin()) story.fin_told[said.others()] = true;
  if (said.has(flag::fin) && !story.fin[said.mine()])
    story.fin[said.mine()] = segment.note.sequence + (said.has(flag::syn) ? 1 : 0) + segment.length;
  return text;
}

std::string summary_text(const Connection& connection, bool unicode) {
  std::string text = tr("Handshake: ", "握手：") + word_for(connection.handshake);
  if (connection.round_trip)
    text += tr(", round trip ", "，往返 ") + duration_text(*connection.round_trip, unicode);
  text += tr(". Data: client ", "。数据：客户端 ") + bytes_text(connection.sent[0].bytes) +
          tr(", server ", "，服务端 ") + bytes_text(connection.sent[1].bytes) + tr(".", "。");
  const std::uint64_t again =
      connection.sent[0].retransmissions + connection.sent[1].retransmissions;
  if (again > 0) text += tr(" Retransmissions: ", "重传：") + std::to_string(again) + tr(".", "。");
  return text + tr(" End: ", "结束：") + word_for(connection.ending) + tr(".", "。");
}

}  // namespace tracing
