// Milestone 2: downloads.
#include "cases.hpp"
#include "course_digest.hpp"
#include "language.hpp"
#include "peer.hpp"

namespace ftp_judge {
namespace {

using dialtone::tr;

const std::vector<std::string> types = {"img", "video", "file"};

void download_sends_every_byte(Input& trial, const Subject& subject) {
  const std::vector<std::size_t> sizes = {0, 1, 1023, 1024, 1025, 65'536, 300'000};
  const std::size_t size =
      trial.index < sizes.size() ? sizes[trial.index] : trial.random.between(2, 5000);
  std::string bytes = draw_bytes(trial.random, size);
  if (trial.index == sizes.size())
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);  // both quotes among them
  const File file{trial.random.pick(types), draw_name(trial.random), bytes};
  trial.input(file.type + "/" + file.name + ", " + std::to_string(bytes.size()) +
              tr(" bytes", " 字节"));
  Server server(trial, subject, {file, {"img", "another", "another"}});
  Caller caller = server.dial();
  const Frame reply = caller.answer_to(download_request(trial.random, file.type, file.name));
  expect_reply(trial, reply, "download_file", bytes);
  trial.expect(tr("the reply's file_type, as it was asked", "回复的 file_type 与请求一致"),
               reply.header.value("file_type", json()) == file.type, file.type,
               reply.header.value("file_type", json()).dump());
}

void download_carries_the_courses_digest(Input& trial, const Subject& subject) {
  const std::vector<std::string> contents = {"",
                                             "plain",
                                             "it's",
                                             "say \"hi\"",
                                             "it's \"both\"",
                                             "\t\n\r\\\x7f\x80",
                                             std::string("\0'", 2)};
  for (const std::string& bytes : contents) {
    const std::string content =
        bytes + (bytes.empty() ? "" : trial.random.text(trial.random.between(0, 20), "ab\n\x9c"));
    Server server(trial, subject, {{"file", "digested", content}});
    Caller caller = server.dial();
    const Frame reply = caller.answer_to(download_request(trial.random, "file", "digested"));
    trial.step(tr("the file is ", "文件内容是 ") + dialtone::show(content));
    expect_digest(trial, reply);
  }
}

void download_of_nothing_is_a_refusal(Input& trial, const Subject& subject) {
  const std::string type = trial.random.pick(types);
  Server server(trial, subject, {{type, "there.txt", "here"}});
  Caller caller = server.dial();
  const std::string name = trial.index == 0 ? "there" : "not_" + draw_name(trial.random);
  expect_refusal(trial, caller.answer_to(download_request(trial.random, type, name)),
                 "download_file", "not-found");
  trial.step(tr("and the caller goes on", "来电者继续"));
  expect_reply(trial, caller.answer_to(download_request(trial.random, type, "there.txt")),
               "download_file", "here");
}

void download_streams_large_files(Input& trial, const Subject& subject) {
  const LargePayload large = draw_large(trial.random, 32);
  Server server(trial, subject, {{"video", "small", "small"}, {"video", "large.mp4", ""}});
  {
    std::string all;
    for (std::size_t i = 0; i < 16; ++i) all += large.block;  // a MiB at a time
    std::string file;
    file.reserve(large.size());
    for (std::size_t i = 0; i < large.times / 16; ++i) file += all;
    dialtone::write_file(server.root() / "video" / "large.mp4", file);
  }
  Caller caller = server.dial();
  caller.answer_to(download_request(trial.random, "video", "small"));
  const std::uint64_t before = server.memory("VmHWM");
  caller.ask(download_request(trial.random, "video", "large.mp4"));
  const json header = caller.hear_head(tr("the head of 32 MiB", "32 MiB 的回复头"));
  trial.expect_equal("data_length", header.at("data_length").get<std::uint64_t>(), large.size());
  std::uint64_t at = 0;
  bool same = true;
  caller.hear_payload(large.size(), [&](std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t in_block = at % large.block.size();
      const auto part = piece.substr(0, large.block.size() - in_block);
      same = same && std::string_view(large.block).substr(in_block, part.size()) == part;
      piece.remove_prefix(part.size());
      at += part.size();
    }
  });
  trial.expect(tr("the bytes of the file", "文件的字节"), same, tr("the same", "相同"),
               tr("others", "不同"));
  expect_digest(trial, header,
                dialtone::course_digest(large.block, header.value("salt", ""), large.times));
  expect_small_growth(trial, server, before);
}

}  // namespace

std::vector<SubjectCase> download_cases() {
  return {rule("download_sends_every_byte", 10, download_sends_every_byte),
          rule("download_carries_the_courses_digest", 1, download_carries_the_courses_digest),
          rule("download_of_nothing_is_a_refusal", 3, download_of_nothing_is_a_refusal),
          rule("download_streams_large_files", 1, download_streams_large_files)};
}

}  // namespace ftp_judge
