#include "board.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <stdexcept>

#include "language.hpp"
#include "process_view.hpp"

namespace lab09 {
namespace {

using dialtone::tr;

void set_option(int socket, int level, int name, int value) {
  ::setsockopt(socket, level, name, &value, sizeof value);
}

void small_buffers(int socket) {
  set_option(socket, SOL_SOCKET, SO_SNDBUF, kernel_buffer);
  set_option(socket, SOL_SOCKET, SO_RCVBUF, kernel_buffer);
}

bool ready_within(int socket, short events, milliseconds time) {
  pollfd wait{socket, events, 0};
  return ::poll(&wait, 1, static_cast<int>(time.count())) == 1;
}

json fields_of(const Terms& terms) {
  return {{"callers", terms.callers},  {"line", terms.line},   {"queue", terms.queue},
          {"idle", terms.idle},        {"total", terms.total}, {"closing", terms.closing},
          {"exchange", terms.exchange}};
}

}  // namespace

const char* name_of(Variant variant) {
  return variant == Variant::poll ? "poll" : "coroutines";
}

milliseconds since(Clock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
}

// --- a caller ---

std::string Caller::told() const {
  return name_ + ": ";
}

void Caller::say(std::string_view words) {
  const bool much = words.size() > 200;
  trial_->step(told() + tr("says ", "说 ") + dialtone::show(words.substr(0, much ? 60 : 200)) +
               (much ? "... (" + std::to_string(words.size()) + tr(" bytes)", " 字节)") : ""));
  if (!dialtone::write_within(get(), words, peer_time))
    trial_->fail(told() + tr("what it says is taken", "它说的话被接收"),
                 std::to_string(words.size()) + tr(" bytes", " 字节"),
                 tr("no more is taken", "不再接收"));
}

bool Caller::takes_more(milliseconds patience) const {
  if (ready_within(get(), POLLOUT, patience)) return true;
  dialtone::wait_until_asleep(trial_->student.pid());  // it may not have had the processor yet
  return ready_within(get(), POLLOUT, milliseconds(0));
}

std::size_t Caller::say_until_blocked(std::string_view words, milliseconds patience) {
  std::size_t taken = 0;
  while (taken < words.size()) {
    const ssize_t count =
        ::send(get(), words.data() + taken, words.size() - taken, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0)
      taken += static_cast<std::size_t>(count);
    else if (errno != EAGAIN || !takes_more(patience))
      break;
  }
  trial_->step(told() +
               tr("says much and listens to nothing; bytes taken: ",
                  "说个不停，什么也不听；被接收的字节数：") +
               std::to_string(taken));
  return taken;
}

std::string Caller::hear_bytes(std::size_t count) {
  std::string heard;
  const auto begin = Clock::now();
  while (heard.size() < count && since(begin) < peer_time) {
    const auto part = dialtone::read_within(get(), count - heard.size(), peer_time - since(begin));
    if (!part || part->empty()) break;
    heard += *part;
  }
  return heard;
}

void Caller::expect(std::string_view what, std::string_view words) {
  dialtone::expect_bytes(*trial_, told() + std::string(what), hear_bytes(words.size()), words);
}

std::string Caller::hear_up_to(std::string_view what, std::string_view mark) {
  std::string heard;
  const auto begin = Clock::now();
  while (!heard.ends_with(mark)) {
    const auto part =
        dialtone::read_within(get(), dialtone::most_at_once,
                              std::max(milliseconds(0), dialtone::ample_time - since(begin)));
    if (!part || part->empty())
      trial_->fail(told() + std::string(what), tr("in the end ", "最后是 ") + dialtone::show(mark),
                   std::to_string(heard.size()) +
                       (part ? tr(" bytes, then the end", " 字节，然后结束")
                             : tr(" bytes, then nothing in time", " 字节，然后没有按时到达")));
    heard += *part;
  }
  return heard;
}

std::string Caller::hear_to_the_end(std::string_view what) {
  const auto heard = dialtone::hear_to_the_end(get(), std::size_t{16} << 20U, dialtone::ample_time);
  if (!heard.ended)
    trial_->fail(told() + std::string(what), tr("an orderly end (FIN)", "正常挂断（FIN）"),
                 dialtone::show(heard.bytes.substr(0, 200)) +
                     (heard.broken ? tr(", then a broken connection (RST)", "，然后连接中断（RST）")
                                   : tr(", then nothing in time", "，然后没有按时到达")));
  return heard.bytes;
}

void Caller::expect_hung_up(std::string_view what) {
  dialtone::expect_bytes(*trial_, told() + std::string(what), hear_to_the_end(what), "");
}

bool Caller::hears_something(milliseconds time) const {
  return ready_within(get(), POLLIN, time);
}

std::string Caller::peek() const {
  char bytes[64];
  const ssize_t count = ::recv(get(), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
  return std::string(bytes, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
}

void Caller::finish_speaking() {
  trial_->step(told() + tr("finishes speaking (half-close)", "说完了（半关闭）"));
  ::shutdown(get(), SHUT_WR);
}

// --- the switchboard ---

void start(Trial& trial, Variant variant, const Terms& terms, int listener) {
  trial.step(std::string("serve_by_") + name_of(variant) + " " + fields_of(terms).dump());
  const json request = {
      {"call", "start"}, {"variant", name_of(variant)}, {"terms", fields_of(terms)}};
  trial.student.ask(request, "", listener < 0 ? std::vector<int>{} : std::vector<int>{listener});
}

Message take_tally(Trial& trial, milliseconds time) {
  trial.student.send({{"call", "tally"}, {"milliseconds", time.count()}});
  return trial.student.receive(time + dialtone::Student::answer_time);
}

Board::Board(Trial& trial, Variant variant, const Terms& terms) : terms_(terms) {
  const LoopbackFamily family = dialtone::draw_family(trial.random);
  auto [listener, port] = dialtone::bind_loopback(family, SOCK_STREAM);
  small_buffers(listener.get());  // the calls inherit them, and this
  set_option(listener.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (::listen(listener.get(), 512) != 0 ||
      ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address_), &length_) != 0)
    throw std::runtime_error("judge: cannot listen");
  ::fcntl(listener.get(), F_SETFL, O_NONBLOCK);
  start(trial, variant, terms, listener.get());
}

FileDescriptor Board::connect() const {
  FileDescriptor socket(::socket(address_.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw std::runtime_error("judge: cannot make a socket");
  small_buffers(socket.get());
  set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address_), length_) != 0)
    socket.reset();
  return socket;
}

Caller Board::dial(Trial& trial) {
  std::string name = tr("caller ", "来电者 ") + std::to_string(++dialled_);
  trial.step(name + tr(" dials", " 拨号"));
  FileDescriptor socket = connect();
  if (!socket)
    trial.fail(name + tr(" can dial", " 能拨通"), tr("a connection", "连接成功"),
               tr("refused", "被拒绝"));
  return Caller(trial, std::move(socket), std::move(name));
}

Caller Board::dial_and_talk(Trial& trial) {
  Caller caller = dial(trial);
  caller.say("echo here\n");
  caller.expect(tr("is served", "得到服务"), "here\n");
  return caller;
}

bool Board::can_be_dialled() const {
  return static_cast<bool>(connect());
}

void Board::pull_stop(Trial& trial) {
  trial.step(tr("the stop is pulled", "叫停"));
  trial.student.ask({{"call", "stop"}});
}

bool Board::is_over(Trial& trial, milliseconds time) {
  if (!tally_.is_null()) return true;
  const Message answer = take_tally(trial, time);
  expect_success(trial, answer, tr("serving until the stop", "服务直到叫停"));
  tally_ = answer.body.at("value");
  return !tally_.is_null();
}

json Board::finish(Trial& trial) {
  pull_stop(trial);
  if (!is_over(trial, milliseconds(terms_.closing) + dialtone::grace))
    trial.fail(tr("it ends after the stop", "叫停之后结束"), tr("an end", "结束"),
               tr("none in time", "没有按时结束"));
  return tally_;
}

Board& lasting_board(Trial& trial, Variant variant, const Terms& terms) {
  static std::unique_ptr<Board> board;
  if (trial.index == 0 || !board) board = std::make_unique<Board>(trial, variant, terms);
  return *board;
}

void expect_tally(Trial& trial, const json& tally, const char* field, std::uint64_t expected) {
  trial.expect_equal(std::string("Tally::") + field, tally.at(field).get<std::uint64_t>(),
                     expected);
}

// --- from outside ---

std::size_t open_sockets(Trial& trial) {
  const auto lines = trial.student.open_descriptors();
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(),
      [](const std::string& line) { return line.find(" socket:") != std::string::npos; }));
}

}  // namespace lab09
