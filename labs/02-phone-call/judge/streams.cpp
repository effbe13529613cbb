// Hearing over a stream: what is there, all of it, no more than the limit; and the half-close.
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "cases.hpp"
#include "language.hpp"

namespace lab02 {
namespace {

using dialtone::Line;
using dialtone::tr;

/// A TCP connection over loopback, one end of it for the student.
Line draw_line(Trial& trial) {
  const Server server = draw_server(trial);
  Line line;
  line.ours = dialtone::call_loopback(server.family, server.listener.port);
  line.theirs = dialtone::accept_within(server.listener.socket.get(), dialtone::ample_time);
  return line;
}

Message hear_once(Trial& trial, const Line& line, std::size_t limit) {
  start(trial, "hear_once(limit " + std::to_string(limit) + ")",
        with_deadline({{"call", "hear_once"}, {"limit", limit}}), "", {line.theirs.get()});
  return trial.student.receive();
}

void start_hear_all(Trial& trial, const Line& line, std::size_t limit) {
  start(trial, "hear_all(limit " + std::to_string(limit) + ")",
        with_deadline({{"call", "hear_all"}, {"limit", limit}}), "", {line.theirs.get()});
}

/// Says the words and waits until the whole of them lies in the student's socket.
void say_and_let_arrive(Trial& trial, const Line& line, std::string_view words) {
  trial.step(tr("the peer says ", "对端说 ") + count_text(words.size()));
  dialtone::write_within(line.ours.get(), words, peer_time);
  for (int tries = 0; tries < 2000; ++tries) {
    int there = 0;
    ioctl(line.theirs.get(), FIONREAD, &there);
    if (there == static_cast<int>(words.size())) return;
    poll(nullptr, 0, 1);
  }
}

void hear_once_takes_what_is_there(Trial& trial) {
  Line line = draw_line(trial);
  const std::string words = trial.random.bytes(trial.random.between(1, 6000));
  const std::size_t limit = trial.index == 0 ? words.size() : trial.random.between(1, 6000);
  std::string heard;
  if (trial.random.chance(0.3)) {  // the first words come while it waits
    start(trial, "hear_once(limit " + std::to_string(limit) + ")",
          with_deadline({{"call", "hear_once"}, {"limit", limit}}), "", {line.theirs.get()});
    pause(trial.random, 3);
    trial.step(tr("the peer says ", "对端说 ") + count_text(1));
    dialtone::write_within(line.ours.get(), words.substr(0, 1), peer_time);
    const Message answer = trial.student.receive();
    expect_success(trial, answer, "hear_once");
    expect_bytes(trial, "hear_once", answer.payload, words.substr(0, 1));
    heard = answer.payload;
  }
  say_and_let_arrive(trial, line, std::string_view(words).substr(heard.size()));
  while (heard.size() < words.size()) {
    const Message answer = hear_once(trial, line, limit);
    expect_success(trial, answer, "hear_once");
    expect_bytes(trial, "hear_once", answer.payload, words.substr(heard.size(), limit));
    heard += answer.payload;
  }
  trial.step(tr("the peer hangs up", "对端挂断"));
  line.ours.reset();
  const Message answer = hear_once(trial, line, limit);
  expect_success(trial, answer, "hear_once");
  expect_bytes(trial, tr("hear_once at the end of the stream", "流结束时的 hear_once"),
               answer.payload, "");
}

void hear_all_is_bounded(Trial& trial) {
  Line line = draw_line(trial);
  const std::size_t limit = trial.random.between(1, trial.random.chance(0.2) ? 200'000 : 5000);
  const std::size_t over = trial.random.chance(0.5) ? trial.random.between(1, 2000) : 0;
  const std::size_t size = trial.index % 4 == 0   ? limit
                           : trial.index % 4 == 1 ? limit + 1
                           : over > 0             ? limit + over
                                                  : trial.random.between(0, limit);
  const std::string words = trial.random.bytes(size);
  const bool stays = size > limit && trial.random.chance(0.5);
  start_hear_all(trial, line, limit);
  line.theirs.reset();
  trial.step(tr("the peer says ", "对端说 ") + count_text(size) +
             std::string(stays ? tr(" and stays on the line", "，但不挂断")
                               : tr(" and hangs up", "，然后挂断")));
  dialtone::write_within(line.ours.get(), words, peer_time);
  if (!stays) line.ours.reset();
  const Message answer = trial.student.receive();
  if (size <= limit) {
    expect_success(trial, answer, "hear_all");
    expect_bytes(trial, "hear_all", answer.payload, words);
    return;
  }
  expect_kind(trial, answer, "system", "hear_all");
  trial.expect_equal("Error::code", answer.body.at("error").value("code", 0), EMSGSIZE);
  const auto moved = answer.body.at("error").value("moved", std::size_t{0});
  trial.expect("Error::moved", moved >= limit && moved <= size,
               std::to_string(limit) + "…" + std::to_string(size), std::to_string(moved));
}

void half_close_leaves_the_other_way_open(Trial& trial) {
  if (trial.index % 10 == 9) {
    const FileDescriptor unconnected(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    start(trial,
          tr("finish_speaking on a socket that was never connected",
             "对从未连接的套接字调用 finish_speaking"),
          {{"call", "finish_speaking"}}, "", {unconnected.get()});
    expect_error(trial, trial.student.receive(), "finish_speaking");
    return;
  }
  Line line = draw_line(trial);
  start(trial, "finish_speaking", {{"call", "finish_speaking"}}, "", {line.theirs.get()});
  expect_success(trial, trial.student.receive(), "finish_speaking");
  const auto end = dialtone::read_within(line.ours.get(), 1, peer_time);
  trial.expect(tr("what the peer hears", "对端听到的内容"), end && end->empty(),
               tr("end of stream", "流结束"),
               std::string(end ? tr("words", "话语") : tr("nothing", "什么也没有")));

  const std::string words = trial.random.bytes(trial.random.between(1, 3000));
  start_hear_all(trial, line, 5000);
  line.theirs.reset();
  trial.step(tr("the peer talks on: ", "对端继续说：") + count_text(words.size()));
  const std::size_t cut = trial.random.between(0, words.size());
  dialtone::write_within(line.ours.get(), words.substr(0, cut), peer_time);
  pause(trial.random, 2);
  dialtone::write_within(line.ours.get(), words.substr(cut), peer_time);
  line.ours.reset();
  const Message answer = trial.student.receive();
  expect_success(trial, answer, "hear_all");
  expect_bytes(trial, "hear_all", answer.payload, words);
}

}  // namespace

std::vector<Case> stream_cases() {
  return {{"half_close_leaves_the_other_way_open", 100, half_close_leaves_the_other_way_open},
          {"hear_once_takes_what_is_there", 100, hear_once_takes_what_is_there},
          {"hear_all_is_bounded", 100, hear_all_is_bounded}};
}

}  // namespace lab02
