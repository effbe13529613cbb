// What differs between TCP and UDP, each thing really played over loopback: a part of the demo.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <span>
#include <string>

#include "failure.hpp"
#include "language.hpp"
#include "phone_call.hpp"
#include "terminal.hpp"

namespace phone_call_demo {

using namespace phone_call;
using dialtone::Colour;
using dialtone::coloured;
using dialtone::Failure;
using dialtone::glyph;
using dialtone::printable;
using dialtone::tr;
using std::chrono::milliseconds;

inline std::string text(std::string_view english, std::string_view chinese) {
  return tr(english, chinese);
}

/// The value, or the end of the program with the error's message.
template <class T>
T need(Result<T> result) {
  if (!result) throw Failure(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline std::string told(const Talk& talk) {
  std::string words = printable(talk.heard, 1024);
  if (talk.full_length > talk.heard.size())
    words += text(" (cut: ", "（已截断：原长 ") + std::to_string(talk.full_length) +
             text(" bytes were sent)", " 字节）");
  return words;
}

inline void heading(std::string_view english, std::string_view chinese) {
  std::cout << '\n' << coloured(Colour::bold, tr(english, chinese)) << '\n';
}

inline const Address any_port{Address::Family::ipv4, "127.0.0.1", 0};

inline Deadline soon() {
  return Deadline::after(milliseconds(3000));
}

inline void show(std::string_view what, const std::string& came) {
  std::cout << "  " << what << '\n' << "    " << glyph("→", "->") << ' ' << came << '\n';
}

inline std::string outcome(const Result<Talk>& talk) {
  return talk ? told(*talk) : talk.error().message;
}

/// A socket of the system's that keeps a port without being there for anybody.
inline Descriptor absent(int type, Address& address) {
  const auto here = need(socket_basics::to_system(any_port));
  Address other = any_port;
  other.port = 1;
  const auto elsewhere = need(socket_basics::to_system(other));
  Descriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  if (::bind(socket.get(), here.get(), here.length) != 0 ||
      (type == SOCK_DGRAM && ::connect(socket.get(), elsewhere.get(), elsewhere.length) != 0))
    throw Failure(std::string("bind: ") + std::strerror(errno));
  address = need(socket_basics::local_address(socket.get()));
  return socket;
}

inline void nobody_there() {
  heading("Nobody there", "对面没有人");
  Address address;
  const Descriptor tcp = absent(SOCK_STREAM, address);
  show(tr("TCP, nobody listens on the port: refused at once", "TCP，端口无人监听：立刻被拒绝"),
       outcome(call_tcp(address, "?", soon())));
  const Descriptor udp = absent(SOCK_DGRAM, address);
  show(tr("UDP, nobody has the port: the datagram left, then ICMP brings the news",
          "UDP，无人占用端口：数据报发出之后，ICMP 才带回消息"),
       outcome(call_udp(address, "?", soon())));
  const Descriptor silent = need(open_udp(any_port));
  show(tr("UDP, a socket that never replies: silence until the deadline (300 ms)",
          "UDP，对方从不回话：一直沉默到时限（300 毫秒）"),
       outcome(call_udp(need(socket_basics::local_address(silent.get())), "?",
                        Deadline::after(milliseconds(300)))));
}

struct Line {
  Descriptor caller;
  Descriptor callee;
};

inline Line tcp_line() {
  const Descriptor listener = need(wait_for_calls(any_port));
  Line line;
  line.caller =
      need(socket_basics::dial(need(socket_basics::local_address(listener.get())), soon()));
  line.callee = need(socket_basics::answer(listener.get(), soon()));
  return line;
}

inline void say(int call, std::string_view words) {
  need(socket_basics::send_all(call, std::as_bytes(std::span(words)), soon()));
}

inline void boundaries() {
  heading("Three sends: one, two, three", "连发三次：one、two、three");
  const Line line = tcp_line();
  for (const char* word : {"one", "two", "three"}) say(line.caller.get(), word);
  poll(nullptr, 0, 20);
  show(tr("TCP: one listen takes in what has come, as one stream",
          "TCP：听一次，取到的是连成一片的流"),
       printable(need(hear_once(line.callee.get(), usual_limit, soon()))));
  const Descriptor here = need(open_udp(any_port));
  const Descriptor there = need(open_udp(any_port));
  const Address to = need(socket_basics::local_address(there.get()));
  std::string heard;
  for (const char* word : {"one", "two", "three"})
    need(send_datagram(here.get(), word, to, soon()));
  for (int i = 0; i < 3; ++i)
    heard += (i == 0 ? "" : " ") +
             printable(need(receive_datagram(there.get(), usual_limit, soon())).bytes);
  show(tr("UDP: three listens take in three datagrams", "UDP：听三次，取到三个数据报"), heard);
}

inline void too_long_datagram() {
  heading("A datagram longer than the buffer", "比缓冲区长的数据报");
  const Descriptor here = need(open_udp(any_port));
  const Address to = need(socket_basics::local_address(here.get()));
  need(send_datagram(here.get(), std::string(2000, 'x'), to, soon()));
  const Datagram datagram = need(receive_datagram(here.get(), usual_limit, soon()));
  show(tr("2000 bytes are sent, the buffer has room for 1024", "发出 2000 字节，缓冲区只有 1024"),
       text("heard ", "听到 ") + std::to_string(datagram.bytes.size()) + text(" of ", " / ") +
           std::to_string(datagram.full_length) +
           text(" bytes; the rest is gone, and MSG_TRUNC says so",
                " 字节；其余的没了，MSG_TRUNC 说明了这一点"));
}

inline void full_queue() {
  heading("A receive queue that overflows", "接收队列溢出");
  const Descriptor here = need(open_udp(any_port));
  const Address to = need(socket_basics::local_address(here.get()));
  const int room = 16384;  // bytes, the kernel's own bookkeeping included
  setsockopt(here.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  constexpr int sent = 200;
  for (int i = 0; i < sent; ++i) need(send_datagram(here.get(), std::string(500, 'x'), to, soon()));
  int received = 0;
  while (receive_datagram(here.get(), usual_limit, Deadline::after(milliseconds(0)))) ++received;
  need(send_datagram(here.get(), "!", to, soon()));  // the counter comes with the next datagram
  const auto dropped = need(receive_datagram(here.get(), usual_limit, soon())).dropped;
  show(tr("nobody listens while datagrams come in", "数据报不断到来，却没有人听"),
       text("sent ", "发出 ") + std::to_string(sent) + text(", received ", "，收到 ") +
           std::to_string(received) +
           text(", dropped (the kernel's counter) ", "，丢弃（内核计数）") +
           std::to_string(dropped));
}

inline void half_close() {
  heading("Half-close: finished speaking, still listening", "半关闭：说完了，还在听");
  Line line = tcp_line();
  say(line.caller.get(), "how many words is this?");
  need(finish_speaking(line.caller.get()));
  const std::string question = need(hear_all(line.callee.get(), usual_limit, soon()));
  show(tr("the callee hears the whole question, to its end", "接电话的人把问题完整听到末尾"),
       printable(question));
  say(line.callee.get(), "five");
  line.callee = Descriptor();
  show(tr("the other direction is still open for the reply", "另一个方向仍然开着，可以回话"),
       printable(need(hear_all(line.caller.get(), usual_limit, soon()))));
}

inline void broken_off() {
  heading("A hang-up in mid-sentence", "话说到一半断线");
  Line line = tcp_line();
  say(line.callee.get(), "the answer is f");
  const linger at_once{1, 0};  // close sends a RST instead of a FIN
  setsockopt(line.callee.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  line.callee = Descriptor();
  const auto heard = hear_all(line.caller.get(), usual_limit, soon());
  show(tr("a RST is not the end of the stream: what came is not the whole",
          "RST 不是流结束：收到的并不完整"),
       heard ? printable(*heard)
             : heard.error().message + text(", after ", "，此前收到 ") +
                   std::to_string(heard.error().moved) + text(" bytes", " 字节"));
}

}  // namespace phone_call_demo
