// Milestone 5: many callers at once, those that say nothing, and the end.
#include <poll.h>

#include <algorithm>

#include "cases.hpp"
#include "language.hpp"
#include "peer.hpp"

namespace ftp_judge {
namespace {

using dialtone::tr;

void expect_list(Input& trial, Caller& caller, const std::string& names = "") {
  expect_reply(trial, caller.answer_to(list_request(trial.random, "img")), "show_file_name_list",
               names);
}

/// All are on the line at once; each asks before any hears.
void many_at_once_are_all_served(Input& trial, const Subject& subject) {
  constexpr std::size_t count = 50;
  const File shared{"video", "shared.mp4", draw_bytes(trial.random, 100'000)};
  Server server(trial, subject, {shared});
  std::vector<Caller> callers;
  std::vector<File> files;
  for (std::size_t i = 0; i < count; ++i) callers.push_back(server.dial());
  for (std::size_t i = 0; i < count; ++i) {
    files.push_back({"file", "from_" + std::to_string(i),
                     draw_bytes(trial.random, trial.random.between(0, 20'000))});
    callers[i].ask(i % 2 == 0 ? upload_request(trial.random, "file", files[i].name, files[i].bytes)
                              : download_request(trial.random, "video", shared.name));
  }
  for (std::size_t i = count; i-- > 0;) {  // the last first: none waits for another
    const Frame reply = callers[i].hear(tr("its reply", "它的回复"));
    if (i % 2 == 0) {
      expect_reply(trial, reply, "upload", uploaded_words("file", files[i].name));
      server.expect_stored(files[i], callers[i].name() + tr(": its file", "：它的文件"));
    } else {
      expect_reply(trial, reply, "download_file", shared.bytes);
    }
  }
}

void many_do_not_wait_for_a_stalled_caller(Input& trial, const Subject& subject) {
  const File large{"video", "large.mp4", filled('l', 16'000'000)};
  Server server(trial, subject, {large});
  Caller half = server.dial();
  const std::string bytes =
      upload_request(trial.random, "file", "slow", filled('s', 50'000)).bytes();
  const std::size_t said = trial.index == 0 ? 3 : trial.index == 1 ? 40 : 20'000;
  half.say(std::string_view(bytes).substr(0, said),
           tr("the beginning of an upload, and no more", "上传的开头，然后停住"));
  Caller deaf = server.dial();
  deaf.ask(download_request(trial.random, large.type, large.name));
  deaf.hear_head(tr("the head of a large file, and no more", "大文件的回复头，然后不再听"));
  server.wait_until_asleep();  // its socket is full
  Caller other = server.dial();
  expect_list(trial, other);
  const File file{"img", "quick.png", draw_bytes(trial.random, 60'000)};
  expect_reply(trial, other.answer_to(upload_request(trial.random, "img", file.name, file.bytes)),
               "upload", uploaded_words("img", file.name));
  expect_reply(trial, other.answer_to(download_request(trial.random, "img", file.name)),
               "download_file", file.bytes);
}

/// Somebody asks for a large file, whose digest takes a while; a list that is asked for afterwards
/// is there before it. A busy machine may upset that order, but not again and again.
void many_do_not_wait_for_a_digest(Input& trial, const Subject& subject) {
  const File large{"video", "large.mp4", draw_bytes(trial.random, 16'000'000)};
  Server server(trial, subject, {large});
  constexpr int tries = 6;
  for (int i = 0; i < tries; ++i) {
    Caller first = server.dial();
    Caller second = server.dial();
    expect_list(trial, second);
    first.ask(download_request(trial.random, large.type, large.name));
    first.wait_until_read();
    expect_list(trial, second);
    if (!first.hears_something(milliseconds(0))) return;
  }
  trial.fail(tr("a list is told while a large file is being digested for another caller",
                "为别人计算大文件摘要期间，也能回答列表请求"),
             tr("the list first", "列表在先"),
             tr("it waited for the file each time, tries: ", "每次都等到了文件之后，次数：") +
                 std::to_string(tries));
}

constexpr std::uint64_t ways = 6;

/// One of the ways in which callers come and go.
void come_and_go(Input& trial, Server& server, const File& file, std::uint64_t way) {
  Caller caller = server.dial();
  if (way == 0) {
    expect_reply(trial, caller.answer_to(download_request(trial.random, file.type, file.name)),
                 "download_file", file.bytes);
  } else if (way == 1) {
    caller.answer_to(upload_request(trial.random, "img", "new.png", "bytes"));
  } else if (way == 2) {
    caller.answer_to(download_request(trial.random, "img", "not_there"));
  } else if (way == 3) {
    caller.say(prefix_of(-1), tr("a length of -1", "长度 -1"));
  } else if (way == 4) {
    caller.say(prefix_of(20) + "{", tr("half a header", "半个头"));
  }
  if (trial.random.chance(0.3))
    caller.break_off();
  else
    caller.hang_up();
}

void many_leave_nothing_behind(Input& trial, const Subject& subject) {
  const File file{"img", "there.png", "here"};
  Server server(trial, subject, {file});
  // Each way once, so that all that a server keeps for ever is there.
  for (std::uint64_t way = 0; way < ways; ++way) come_and_go(trial, server, file, way);
  server.wait_until_asleep();
  const std::size_t before = server.descriptors().size();
  const std::size_t threads = server.threads();
  for (int i = 0; i < 40; ++i) come_and_go(trial, server, file, trial.random.between(0, ways - 1));
  const auto begin = Clock::now();
  while (server.descriptors().size() > before && since(begin) < patience) pause(milliseconds(10));
  trial.expect(tr("its descriptors when 40 callers have come and gone (seen in /proc)",
                  "40 位来电者离开之后它的描述符（从 /proc 看）"),
               server.descriptors().size() <= before, std::to_string(before),
               std::to_string(server.descriptors().size()));
  trial.expect(tr("and its threads", "以及它的线程"), server.threads() <= threads,
               std::to_string(threads), std::to_string(server.threads()));
}

void many_wait_when_sessions_are_out(Input& trial, const Subject& subject) {
  const std::size_t most = trial.index == 0 ? 2 : trial.random.between(1, 4);
  Server server(trial, subject, {}, {"--sessions", std::to_string(most)});
  std::vector<Caller> callers;
  for (std::size_t i = 0; i < most; ++i) {
    callers.push_back(server.dial());
    expect_list(trial, callers.back());
  }
  Caller more = server.dial();
  more.ask(list_request(trial.random, "img"));
  trial.expect(tr("one more than --sessions waits", "超过 --sessions 的来电者等待"),
               !more.hears_something(milliseconds(150)), tr("nothing yet", "暂无回复"),
               tr("a reply", "有回复"));
  trial.step(callers.back().name() + tr(" hangs up", " 挂断"));
  callers.pop_back();
  expect_reply(trial, more.hear(tr("then it is answered", "然后得到回答")), "show_file_name_list",
               "");
}

/// Says nothing, or no more.
struct Doomed {
  Caller caller;
  Clock::time_point begin;
  bool ended = false;
};

void many_idle_callers_are_hung_up(Input& trial, const Subject& subject) {
  constexpr milliseconds idle{400};
  Server server(trial, subject, {}, {"--idle", std::to_string(idle.count())});
  const std::string bytes =
      upload_request(trial.random, "img", "slow.png", filled('s', 60)).bytes();
  std::vector<Doomed> doomed;
  for (int i = 0; i < 2; ++i) {
    Caller caller = server.dial();
    if (i == 1) caller.say(bytes.substr(0, 30), tr("half a header", "半个头"));
    doomed.push_back({std::move(caller), Clock::now()});
  }
  Caller slow = server.dial();
  slow.say(bytes.substr(0, bytes.size() - 60),
           tr("the head of an upload, then its bytes one by one", "上传的头，然后逐字节发送内容"));
  std::size_t left = 60;
  const auto all_ended = [&] {
    return std::all_of(doomed.begin(), doomed.end(), [](const Doomed& one) { return one.ended; });
  };
  while (!all_ended() || left > 10) {
    pause(milliseconds(25));
    if (left > 10) dialtone::write_within(slow.get(), bytes.substr(bytes.size() - left--, 1), idle);
    for (Doomed& one : doomed) {
      const milliseconds took = since(one.begin);
      if (one.ended || !one.caller.hears_something(milliseconds(0))) {
        trial.expect(one.caller.name() + tr(": is hung up when idle is over", "：到时限被挂断"),
                     one.ended || took < idle + dialtone::grace,
                     std::to_string(idle.count()) + " ms", std::to_string(took.count()) + " ms");
        continue;
      }
      one.caller.expect_hung_up(tr("when idle is over", "到时限"), true);
      trial.expect(one.caller.name() + tr(": not before the time", "：不早于时限"),
                   took >= idle - milliseconds(20), ">= " + std::to_string(idle.count()) + " ms",
                   std::to_string(took.count()) + " ms");
      one.ended = true;
    }
  }
  slow.say(bytes.substr(bytes.size() - left), tr("the last bytes", "最后的字节"));
  expect_reply(trial, slow.hear(tr("who moves bytes is not hung up", "有动静的不会被挂断")),
               "upload", uploaded_words("img", "slow.png"));
}

void many_stop_finishes_what_is_under_way(Input& trial, const Subject& subject) {
  const File large{"video", "large.mp4", filled('l', 12'000'000)};
  const File file{"img", "slow.png", draw_bytes(trial.random, 80'000)};
  Server server(trial, subject, {large});
  Caller silent = server.dial();
  expect_list(trial, silent);
  Caller reader = server.dial();
  reader.ask(download_request(trial.random, large.type, large.name));
  const json head = reader.hear_head(tr("the head of a large file", "大文件的回复头"));
  Caller writer = server.dial();
  const std::string bytes = upload_request(trial.random, "img", file.name, file.bytes).bytes();
  const std::size_t part = trial.index == 0 ? 2 : trial.random.between(1, bytes.size() - 1);
  writer.say(std::string_view(bytes).substr(0, part),
             tr("bytes of an upload: ", "上传的字节数：") + std::to_string(part));
  writer.wait_until_read();
  server.wait_until_asleep();  // the reader's socket is full
  server.terminate();
  silent.expect_hung_up(tr("who has asked for nothing is hung up", "没有请求的被挂断"));
  const auto begin = Clock::now();
  while (server.can_be_dialled() && since(begin) < dialtone::grace) pause(milliseconds(2));
  trial.expect(tr("new callers are refused", "新来电者被拒绝"), !server.can_be_dialled(),
               tr("nobody listens", "没有监听者"), tr("somebody listens", "仍在监听"));
  writer.say(std::string_view(bytes).substr(part), tr("the rest of it", "其余部分"));
  expect_reply(trial, writer.hear(tr("the reply to the upload", "上传的回复")), "upload",
               uploaded_words("img", file.name));
  server.expect_stored(file, tr("the upload that was under way", "途中的上传"));
  std::string heard;
  reader.hear_payload(head.at("data_length").get<std::uint64_t>(),
                      [&](std::string_view piece) { heard += piece; });
  expect_bytes(trial, tr("the download that was under way", "途中的下载"), heard, large.bytes);
  writer.expect_hung_up(tr("after its reply", "回复之后"));
  reader.expect_hung_up(tr("after its reply", "回复之后"));
  silent.hang_up();
  writer.hang_up();
  reader.hang_up();
  const auto ending = server.ending_within(patience);
  trial.expect(tr("the server ends", "服务器结束"),
               ending && ending->signal == 0 && ending->exit_code == 0, "exit code 0",
               ending ? dialtone::describe(*ending) : tr("still running", "仍在运行"));
}

}  // namespace

std::vector<SubjectCase> many_cases() {
  return {rule("many_at_once_are_all_served", 2, many_at_once_are_all_served),
          rule("many_do_not_wait_for_a_stalled_caller", 3, many_do_not_wait_for_a_stalled_caller),
          rule("many_do_not_wait_for_a_digest", 1, many_do_not_wait_for_a_digest),
          rule("many_leave_nothing_behind", 1, many_leave_nothing_behind),
          rule("many_wait_when_sessions_are_out", 2, many_wait_when_sessions_are_out, true),
          rule("many_idle_callers_are_hung_up", 1, many_idle_callers_are_hung_up, true),
          rule("many_stop_finishes_what_is_under_way", 3, many_stop_finishes_what_is_under_way)};
}

}  // namespace ftp_judge
