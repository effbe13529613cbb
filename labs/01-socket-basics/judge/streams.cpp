// Whole sends and exact receives, against peers that read late, write in pieces, or go away.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <chrono>

#include "cases.hpp"
#include "language.hpp"

namespace lab01 {
namespace {

using dialtone::ample_time;
using dialtone::Line;
using dialtone::Message;
using dialtone::milliseconds;
using dialtone::printable;
using dialtone::Random;
using dialtone::tight_line;
using dialtone::tr;
using dialtone::Trial;
using dialtone::with_deadline;
using nlohmann::json;

std::string told(std::size_t count, std::string_view what_english, std::string_view what_chinese) {
  return tr(what_english, what_chinese) + " " + std::to_string(count) + tr(" bytes", " 字节");
}

/// A pause of up to `most` milliseconds: the peer takes its time, as networks do.
void pause(Random& random, int most) {
  poll(nullptr, 0, static_cast<int>(random.between(0, static_cast<std::uint64_t>(most))));
}

/// A blocking or a non-blocking line, on every other input.
Line draw_line(Trial& trial) {
  const bool nonblocking = trial.index % 2 == 1;
  trial.step(nonblocking
                 ? tr("a non-blocking socket with a tiny buffer", "一个缓冲区很小的非阻塞套接字")
                 : tr("a blocking socket with a tiny buffer", "一个缓冲区很小的阻塞套接字"));
  return tight_line(nonblocking);
}

std::size_t draw_size(Trial& trial, std::size_t most) {
  if (trial.index < 2) return trial.index;
  return trial.random.between(2, trial.random.chance(0.3) ? most : most / 16);
}

void start_sending(Trial& trial, Line& line, const std::string& bytes, milliseconds deadline) {
  trial.input(told(bytes.size(), "send_all of", "send_all 发送"));
  trial.step(trial.input());
  trial.student.send(with_deadline({{"call", "send_all"}}, deadline), bytes, {line.theirs.get()});
  line.theirs.reset();
}

/// Reads at the peer's pace until `size` bytes came or nothing more comes.
std::string read_slowly(Trial& trial, int socket, std::size_t size) {
  std::string heard;
  while (heard.size() < size) {
    if (trial.random.chance(0.05)) pause(trial.random, 2);
    const auto part =
        dialtone::read_within(socket, trial.random.between(1, 9000), milliseconds(1000));
    if (!part || part->empty()) break;
    heard += *part;
  }
  return heard;
}

void send_all_sends_every_byte(Trial& trial) {
  Line line = draw_line(trial);
  const std::string bytes = trial.random.bytes(draw_size(trial, 200000));
  start_sending(trial, line, bytes, ample_time);
  trial.step(tr("the peer reads a little at a time", "对端一点一点地读"));
  std::string heard = read_slowly(trial, line.ours.get(), bytes.size());
  const Message answer = trial.student.receive();
  expect_success(trial, answer, "send_all");
  // Nothing beyond the last byte either.
  if (const auto more = dialtone::read_within(line.ours.get(), 1, milliseconds(0)); more)
    heard += *more;
  expect_bytes(trial, tr("what the peer heard", "对端收到的内容"), heard, bytes);
}

void send_all_survives_a_peer_that_is_gone(Trial& trial) {
  Line line = draw_line(trial);
  const std::string bytes = trial.random.bytes(1 + draw_size(trial, 100000));
  const bool at_once = bytes.size() < 20000 || trial.random.chance(0.3);
  if (at_once) {
    trial.step(tr("the peer has hung up before", "对端事先已挂断"));
    line.ours.reset();
    start_sending(trial, line, bytes, ample_time);
  } else {
    start_sending(trial, line, bytes, ample_time);
    trial.step(tr("the peer hangs up while it sends", "发送途中对端挂断"));
    dialtone::read_within(line.ours.get(), 1, milliseconds(1000));
    line.ours.reset();
  }
  const Message answer = trial.student.receive();
  expect_kind(trial, answer, "broken",
              tr("send_all returns a failure and no SIGPIPE kills it",
                 "send_all 返回失败，而不是死于 SIGPIPE"));
}

void send_all_says_how_much_went(Trial& trial) {
  Line line = draw_line(trial);
  const std::string bytes = trial.random.bytes(trial.random.between(100000, 200000));
  // A peer that is gone would do as well, but SIGPIPE is another case's matter.
  start_sending(trial, line, bytes, milliseconds(trial.random.between(5, 20)));
  const std::size_t wanted = trial.random.between(1, 12000);
  trial.step(told(wanted, "the peer reads about", "对端大约读取"));
  std::size_t heard = read_slowly(trial, line.ours.get(), wanted).size();
  trial.step(tr("then it reads no more until the deadline", "然后直到时限都不再读"));
  const Message answer = trial.student.receive();
  const json error = expect_error(trial, answer, "send_all");
  // What lies in the buffer was taken too.
  heard += dialtone::hear_to_the_end(line.ours.get(), bytes.size(), milliseconds(0)).bytes.size();
  trial.expect(tr("`moved`: bytes that the kernel took", "`moved`：内核收下的字节数"),
               error.value("moved", json()) == heard, std::to_string(heard),
               error.value("moved", json()).dump());
}

/// Asks for `size` bytes; the answer comes when the peer has sent them.
void start_receiving(Trial& trial, Line& line, std::size_t size, milliseconds deadline) {
  trial.input(told(size, "receive_exactly of", "receive_exactly 接收"));
  trial.step(trial.input());
  trial.student.send(with_deadline({{"call", "receive_exactly"}, {"size", size}}, deadline), "",
                     {line.theirs.get()});
  line.theirs.reset();
}

/// Sends the bytes in pieces drawn at random, with small pauses.
void write_in_pieces(Trial& trial, int socket, std::string_view bytes) {
  int pauses = 0;
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, trial.random.between(1, 1 + bytes.size() / 2));
    if (!dialtone::write_within(socket, piece, ample_time)) return;
    bytes.remove_prefix(piece.size());
    if (++pauses <= 8) pause(trial.random, 2);
  }
}

void receive_exactly_fills_the_buffer(Trial& trial) {
  Line line = draw_line(trial);
  const std::string bytes = trial.random.bytes(draw_size(trial, 60000));
  start_receiving(trial, line, bytes.size(), ample_time);
  trial.step(tr("the peer sends them in pieces", "对端分几段发送"));
  write_in_pieces(trial, line.ours.get(), bytes);
  const Message answer = trial.student.receive();
  expect_success(trial, answer, "receive_exactly");
  expect_bytes(trial, tr("what is in the buffer", "缓冲区的内容"), answer.payload, bytes);
}

void receive_exactly_takes_no_byte_more(Trial& trial) {
  Line line = draw_line(trial);
  const std::string bytes = trial.random.bytes(trial.random.between(1, 2000));
  const std::string rest = trial.random.bytes(trial.random.between(1, 2000));
  trial.step(told(bytes.size() + rest.size(), "the peer sends", "对端发送"));
  dialtone::write_within(line.ours.get(), bytes + rest, ample_time);
  const dialtone::FileDescriptor same_end(fcntl(line.theirs.get(), F_DUPFD_CLOEXEC, 0));
  start_receiving(trial, line, bytes.size(), ample_time);
  const Message answer = trial.student.receive();
  expect_success(trial, answer, "receive_exactly");
  const auto left = dialtone::read_within(same_end.get(), rest.size() + 1, milliseconds(0));
  expect_bytes(trial, tr("what is left on the stream", "流里剩下的内容"), left.value_or(""), rest);
}

void end_of_stream_says_how_many_came(Trial& trial) {
  Line line = draw_line(trial);
  // In one piece, what is in the buffer is looked at too. Where each of many pieces goes is
  // receive_exactly_fills_the_buffer's matter.
  const bool in_pieces = trial.random.chance(0.5);
  const std::size_t size = trial.random.between(1, in_pieces ? 5000 : 2000);
  const std::size_t came = trial.index == 0 ? 0 : trial.random.between(0, size - 1);
  const std::string bytes = trial.random.bytes(came);
  start_receiving(trial, line, size, ample_time);
  trial.step(told(came, "the peer hangs up after", "对端在此后挂断："));
  if (in_pieces)
    write_in_pieces(trial, line.ours.get(), bytes);
  else
    dialtone::write_within(line.ours.get(), bytes, ample_time);
  line.ours.reset();
  const Message answer = trial.student.receive();
  expect_kind(trial, answer, "end_of_stream", tr("it is an error", "这是一个错误"));
  const json error = answer.body.at("error");
  trial.expect(tr("`moved`: bytes that came", "`moved`：收到的字节数"),
               error.value("moved", json()) == came, std::to_string(came),
               error.value("moved", json()).dump());
  if (!in_pieces)
    expect_bytes(trial, tr("the bytes that came are in the buffer", "收到的字节在缓冲区中"),
                 std::string_view(answer.payload).substr(0, came), bytes);
  const std::string message = error.value("message", "");
  trial.expect(tr("the message says how many of how many", "消息说明应收多少、收到多少"),
               message.find(std::to_string(came)) != std::string::npos &&
                   message.find(std::to_string(size)) != std::string::npos,
               std::to_string(came) + ", " + std::to_string(size), printable(message, 200));
}

void wait_ready_looks_once_at_least(Trial& trial) {
  Line line = draw_line(trial);
  const bool hang_up = trial.random.chance(0.3);
  const bool readable = hang_up || trial.random.chance(0.5);
  if (hang_up) {
    trial.step(tr("the peer has hung up: that is ready too", "对端已挂断：这也算就绪"));
    line.ours.reset();
  } else if (readable) {
    trial.step(tr("a byte is waiting", "有一个字节在等着"));
    dialtone::write_within(line.ours.get(), "x", ample_time);
  } else {
    trial.step(tr("there is room to write", "有地方可写"));
  }
  trial.input(std::string("wait_ready(") + (readable ? "readable" : "writable") + ", 0 ms)");
  trial.step(trial.input());
  const json request =
      with_deadline({{"call", "wait_ready"}, {"readable", readable}}, milliseconds(0));
  expect_success(trial, trial.student.ask(request, "", {line.theirs.get()}),
                 tr("it is ready, although the time was over from the start",
                    "虽然时限一开始就到了，它仍是就绪的"));
}

/// Writes until the kernel takes no more: whoever sends over this socket next has to wait.
std::size_t fill(int socket) {
  const std::string filler(500, '-');
  std::size_t filled = 0;
  for (;;) {
    const ssize_t count = send(socket, filler.data(), filler.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count <= 0) return filled;
    filled += static_cast<std::size_t>(count);
  }
}

/// A few bytes only, which move whole once there is room: what is played here is the wait.
void signals_are_no_failure(Trial& trial) {
  Line line = draw_line(trial);
  const std::string bytes = trial.random.bytes(trial.random.between(1, 100));
  const bool sending = trial.random.chance(0.5);
  std::size_t before = 0;
  if (sending) {
    before = fill(line.theirs.get());
    trial.step(told(before, "its buffer is full, with", "它的缓冲区已满："));
    start_sending(trial, line, bytes, ample_time);
  } else {
    start_receiving(trial, line, bytes.size(), ample_time);
  }
  trial.step(tr("signals come while it waits", "等待途中来了信号"));
  for (int i = 0; i < 4; ++i) {
    pause(trial.random, 3);
    trial.student.interrupt();
  }
  std::string moved;
  if (sending)
    moved = read_slowly(trial, line.ours.get(), before + bytes.size());
  else
    dialtone::write_within(line.ours.get(), bytes, ample_time);
  const Message answer = trial.student.receive();
  expect_success(trial, answer, tr("the call goes on", "调用继续进行"));
  moved.erase(0, before);
  expect_bytes(trial, tr("the bytes that were moved", "搬运的字节"),
               sending ? moved : answer.payload, bytes);
}

}  // namespace

std::vector<Case> stream_cases() {
  return {{"wait_ready_looks_once_at_least", 100, wait_ready_looks_once_at_least},
          {"send_all_sends_every_byte", 100, send_all_sends_every_byte},
          {"send_all_survives_a_peer_that_is_gone", 100, send_all_survives_a_peer_that_is_gone},
          {"send_all_says_how_much_went", 100, send_all_says_how_much_went},
          {"receive_exactly_fills_the_buffer", 100, receive_exactly_fills_the_buffer},
          {"receive_exactly_takes_no_byte_more", 100, receive_exactly_takes_no_byte_more},
          {"end_of_stream_says_how_many_came", 100, end_of_stream_says_how_many_came},
          {"signals_are_no_failure", 60, signals_are_no_failure}};
}

}  // namespace lab01
