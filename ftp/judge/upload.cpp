// Milestone 3: uploads.
#include "cases.hpp"
#include "course_digest.hpp"
#include "language.hpp"
#include "peer.hpp"

namespace ftp_judge {
namespace {

using dialtone::tr;

const std::vector<std::string> types = {"img", "video", "file"};

std::string under_its_name() {
  return tr("the file, under its type and name", "文件，在其类型与名称之下");
}

void upload_stores_every_byte(Input& trial, const Subject& subject) {
  const std::vector<std::size_t> sizes = {0, 1, 1023, 1024, 1025, 70'000, 1'500'000};
  const std::size_t size =
      trial.index < sizes.size() ? sizes[trial.index] : trial.random.between(2, 5000);
  File file{trial.random.pick(types), draw_name(trial.random), draw_bytes(trial.random, size)};
  std::string asked = file.type;
  if (trial.index == 2) file.name = "雪中 女孩's.jpeg";
  if (trial.index == 3) asked = "";  // the course's client says so of every other ending
  if (trial.index == 4) asked = "../img";
  if (asked != file.type) file.type = "file";
  Server server(trial, subject);
  Caller caller = server.dial();
  caller.answer_to(upload_request(trial.random, asked, file.name, file.bytes));
  server.expect_stored(file, under_its_name());
}

void upload_says_stem_and_place(Input& trial, const Subject& subject) {
  const std::vector<std::string> names = {"a.tar.gz", "no_ending", ".hidden", "雪中女孩.jpeg",
                                          "two words.x"};
  const std::string name =
      trial.index < names.size() ? names[trial.index] : draw_name(trial.random);
  const std::string& type = types[trial.index % types.size()];
  Server server(trial, subject);
  Caller caller = server.dial();
  const Frame reply = caller.answer_to(upload_request(trial.random, type, name, "x"));
  expect_reply(trial, reply, "upload", uploaded_words(type, name));
  expect_digest(trial, reply);
}

void upload_replaces_at_once(Input& trial, const Subject& subject) {
  const File before{"img", "picture.png", filled('o', 6'000'000)};
  const File after{"img", "picture.png", filled('n', trial.random.between(100'000, 900'000))};
  Server server(trial, subject, {before});

  // Who reads the old file while the new one comes has the old one, whole.
  Caller reader = server.dial();
  reader.ask(download_request(trial.random, "img", before.name));
  const json head = reader.hear_head(tr("the head of the old file", "旧文件的回复头"));
  server.wait_until_asleep();  // its socket is full

  Caller writer = server.dial();
  const std::string bytes = upload_request(trial.random, "img", after.name, after.bytes).bytes();
  const std::size_t part = bytes.size() - trial.random.between(1, 90'000);
  writer.say(std::string_view(bytes).substr(0, part),
             tr("most of an upload of the same name", "同名上传的大部分"));
  Caller other = server.dial();
  for (int i = 0; i < 2; ++i) {
    server.expect_stored(before, tr("while it is on its way, the old file", "途中，旧文件"));
    const Frame list = other.answer_to(list_request(trial.random, "img"));
    expect_bytes(trial, tr("and no other name", "没有别的名称"), list.payload, before.name);
  }
  writer.say(std::string_view(bytes).substr(part), tr("the rest", "其余部分"));
  writer.hear(tr("the reply to the upload", "上传的回复"));
  server.expect_stored(after, tr("then the new one", "然后是新文件"));

  std::string heard;
  reader.hear_payload(head.at("data_length").get<std::uint64_t>(),
                      [&](std::string_view piece) { heard += piece; });
  expect_bytes(trial, tr("what was being read", "正在读取的内容"), heard, before.bytes);
}

void upload_is_there_when_its_reply_comes(Input& trial, const Subject& subject) {
  Server server(trial, subject);
  Caller caller = server.dial();
  for (int i = 0; i < 8; ++i) {
    const File file{trial.random.pick(types), std::to_string(i) + draw_name(trial.random),
                    draw_bytes(trial.random, trial.random.between(0, 3000))};
    Caller one = server.dial();
    one.answer_to(upload_request(trial.random, file.type, file.name, file.bytes));
    server.expect_stored(file, tr("the file, when the reply has come", "收到回复时的文件"),
                         milliseconds(0));
  }
}

void upload_of_damaged_bytes_is_refused(Input& trial, const Subject& subject) {
  const File before{"img", "kept.png", "as it was"};
  Server server(trial, subject, {before});
  const auto files = server.files();
  Caller caller = server.dial();
  for (const std::string& name : {before.name, std::string("new.png")}) {
    Frame damaged = upload_request(trial.random, "img", name,
                                   draw_bytes(trial.random, trial.random.between(1, 90'000)));
    if (trial.index % 4 == 0) {
      damaged.payload[trial.random.between(0, damaged.payload.size() - 1)] ^= 1;
    } else if (trial.index % 4 == 1) {
      damaged.header.erase("encrypted");
    } else if (trial.index % 4 == 2) {
      damaged.header["salt"] = "another";
    } else {
      damaged.header["encrypted"] = nullptr;
    }
    expect_refusal(trial, caller.answer_to(damaged), "upload", "damaged");
    server.expect_stored(before, tr("the old file", "旧文件"));
    trial.expect(tr("nothing is stored", "没有保存任何内容"), server.files() == files,
                 std::to_string(files.size()) + tr(" files", " 个文件"),
                 std::to_string(server.files().size()) + tr(" files", " 个文件"));
  }
  trial.step(tr("and the caller goes on", "来电者继续"));
  caller.answer_to(upload_request(trial.random, "img", "new.png", "whole"));
  server.expect_stored({"img", "new.png", "whole"}, under_its_name());
}

void upload_too_large_is_read_and_refused(Input& trial, const Subject& subject) {
  Server server(trial, subject, {}, {"--largest", "100000"});
  const auto files = server.files();
  Caller caller = server.dial();
  const std::size_t size = trial.index == 0 ? 100'001 : trial.random.between(200'000, 3'000'000);
  expect_refusal(trial,
                 caller.answer_to(upload_request(trial.random, "img", "large.png",
                                                 draw_bytes(trial.random, size))),
                 "upload", "too-large");
  trial.expect(tr("nothing is stored", "没有保存任何内容"), server.files() == files, "0",
               std::to_string(server.files().size() - files.size()));
  trial.step(tr("and the caller goes on", "来电者继续"));
  const File fits{"img", "fits.png", draw_bytes(trial.random, 100'000)};
  caller.answer_to(upload_request(trial.random, "img", fits.name, fits.bytes));
  server.expect_stored(fits, under_its_name());
}

void upload_streams_large_files(Input& trial, const Subject& subject) {
  const LargePayload large = draw_large(trial.random, 32);
  Server server(trial, subject);
  Caller caller = server.dial();
  caller.answer_to(upload_request(trial.random, "video", "small", "small"));
  const std::uint64_t before = server.memory("VmHWM");
  Frame head = upload_request(trial.random, "video", "large.mp4", "");
  head.header["data_length"] = large.size();
  head.header["encrypted"] =
      dialtone::course_digest(large.block, head.header.at("salt").get<std::string>(), large.times);
  caller.say(head.bytes(), tr("an upload of 32 MiB", "32 MiB 的上传"));
  for (std::size_t i = 0; i < large.times; ++i)
    if (!dialtone::write_within(caller.get(), large.block, patience))
      trial.fail(tr("the payload is taken", "内容被接收"), "32 MiB",
                 std::to_string(i * large.block.size()) + tr(" bytes", " 字节"));
  expect_reply(trial, caller.hear(tr("the reply to the upload", "上传的回复")), "upload",
               uploaded_words("video", "large.mp4"));
  std::error_code error;
  const auto file = server.root() / "video" / "large.mp4";
  for (const auto begin = Clock::now();
       !std::filesystem::exists(file, error) && since(begin) < milliseconds(1500);)
    pause(milliseconds(5));
  const auto size = std::filesystem::file_size(file, error);
  trial.expect(tr("the file's size", "文件大小"), !error && size == large.size(),
               std::to_string(large.size()), error ? error.message() : std::to_string(size));
  expect_small_growth(trial, server, before);
}

}  // namespace

std::vector<SubjectCase> upload_cases() {
  return {
      rule("upload_stores_every_byte", 10, upload_stores_every_byte),
      rule("upload_says_stem_and_place", 6, upload_says_stem_and_place),
      rule("upload_replaces_at_once", 2, upload_replaces_at_once),
      rule("upload_is_there_when_its_reply_comes", 3, upload_is_there_when_its_reply_comes),
      rule("upload_of_damaged_bytes_is_refused", 4, upload_of_damaged_bytes_is_refused),
      rule("upload_too_large_is_read_and_refused", 2, upload_too_large_is_read_and_refused, true),
      rule("upload_streams_large_files", 1, upload_streams_large_files)};
}

}  // namespace ftp_judge
