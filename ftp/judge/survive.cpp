// Milestone 4: callers that are clumsy, hostile, or suddenly gone.
#include <algorithm>

#include "cases.hpp"
#include "language.hpp"
#include "peer.hpp"

namespace ftp_judge {
namespace {

using dialtone::tr;

/// The server still answers a caller.
void expect_served(Input& trial, Caller& caller, const std::vector<std::string>& names = {}) {
  const Frame reply = caller.answer_to(list_request(trial.random, "img"));
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ",") + name;
  expect_reply(trial, reply, "show_file_name_list", joined);
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

void survive_requests_in_any_cut(Input& trial, const Subject& subject) {
  const File file{"img", "cut.png", draw_bytes(trial.random, trial.random.between(10, 3000))};
  Server server(trial, subject);
  Caller caller = server.dial();
  const std::vector<Frame> requests = {
      list_request(trial.random, "img"), upload_request(trial.random, "img", file.name, file.bytes),
      list_request(trial.random, "img"), download_request(trial.random, "img", file.name)};
  std::string stream;
  std::vector<std::size_t> begins;
  for (const Frame& one : requests) {
    begins.push_back(stream.size());
    stream += one.bytes();
  }
  trial.input(tr("four requests, ", "四个请求，") + std::to_string(stream.size()) +
              tr(" bytes", " 字节"));
  const std::size_t most = trial.index == 0 ? 1 : trial.random.between(2, stream.size());
  std::size_t pieces = 0;
  if (trial.index == 1) {
    caller.say(stream, tr("all at once", "一次发出"));
  } else {
    trial.step(caller.name() + tr(": says them in pieces of at most ", "：分段发出，每段最多 ") +
               std::to_string(most) + tr(" bytes", " 字节"));
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = std::min(stream.size() - at, trial.random.between(1, most));
      dialtone::write_within(caller.get(), std::string_view(stream).substr(at, size), patience);
      at += size;
      // At the beginning of a request, and now and then, they really arrive one by one.
      const bool begun = std::any_of(begins.begin(), begins.end(), [at](std::size_t begin) {
        return at > begin && at < begin + 6;
      });
      if (begun || ++pieces % 64 == 0) caller.wait_until_read();
    }
  }
  expect_reply(trial, caller.hear(tr("the first reply", "第一个回复")), "show_file_name_list", "");
  expect_reply(trial, caller.hear(tr("the second reply", "第二个回复")), "upload",
               uploaded_words("img", file.name));
  expect_reply(trial, caller.hear(tr("the third reply", "第三个回复")), "show_file_name_list",
               file.name);
  expect_reply(trial, caller.hear(tr("the fourth reply", "第四个回复")), "download_file",
               file.bytes);
}

void survive_unknown_commands(Input& trial, const Subject& subject) {
  const std::vector<std::string> commands = {"main",        "recv_data", "__init__", "send_data",
                                             "upload_file", "Upload",    "upload ",  "settings",
                                             "save_data",   "list",      "下载"};
  Server server(trial, subject);
  Caller caller = server.dial();
  for (const std::string& command : commands) {
    const json fields = {{"file_type", "img"}, {"file_name", "x.png"}};
    const Frame reply = caller.answer_to(request(
        trial.random, command, fields, trial.random.text(trial.random.between(0, 40), "ab")));
    expect_refusal(trial, reply, command, "unknown-command");
  }
  trial.step(tr("and the caller goes on", "来电者继续"));
  expect_served(trial, caller);
}

void survive_requests_without_a_digest(Input& trial, const Subject& subject) {
  Server server(trial, subject, {{"img", "there.png", "here"}});
  Caller caller = server.dial();
  const std::vector<Frame> requests = {list_request(trial.random, "img"),
                                       download_request(trial.random, "img", "there.png")};
  for (const Frame& whole : requests) {
    const auto command = whole.header["command"].get<std::string>();
    Frame without = whole;
    without.header.erase("encrypted");
    trial.step(tr("without a digest", "不带摘要"));
    expect_refusal(trial, caller.answer_to(without), command, "damaged");
    Frame wrong = whole;
    wrong.header["encrypted"] = trial.random.text(32, "0123456789abcdef");
    trial.step(tr("with a digest that does not fit", "摘要不相符"));
    expect_refusal(trial, caller.answer_to(wrong), command, "damaged");
  }
  trial.step(tr("and the caller goes on", "来电者继续"));
  expect_served(trial, caller, {"there.png"});
}

void survive_names_that_lead_outside(Input& trial, const Subject& subject) {
  const std::vector<std::string> names = {"../outside.txt",
                                          "../../outside.txt",
                                          "..",
                                          ".",
                                          "",
                                          "/etc/passwd",
                                          "sub/name.png",
                                          "there.png/",
                                          std::string("nul\0.png", 8),
                                          "line\n.png",
                                          std::string(256, 'a')};
  Server server(trial, subject, {{"img", "there.png", "here"}});
  const auto files = server.files();
  Caller caller = server.dial();
  for (const std::string& name : names) {
    expect_refusal(trial, caller.answer_to(upload_request(trial.random, "img", name, "outside!")),
                   "upload", "bad-name");
    expect_refusal(trial, caller.answer_to(download_request(trial.random, "img", name)),
                   "download_file", "bad-name");
  }
  trial.expect_equal(tr("the files, in the folder and around it", "目录之内与周围的文件"),
                     listed(server.files()), listed(files));
  expect_bytes(trial, tr("the file beside the folder", "目录旁边的文件"),
               dialtone::read_file(server.root().parent_path() / "outside.txt"), "outside");
  expect_served(trial, caller, {"there.png"});
}

void survive_refusals_carry_a_digest(Input& trial, const Subject& subject) {
  Server server(trial, subject);
  Caller caller = server.dial();
  Frame damaged = upload_request(trial.random, "img", "a.png", "bytes");
  damaged.header["encrypted"] = "";
  Frame nameless = upload_request(trial.random, "img", "a.png", "bytes");
  nameless.header.erase("file_name");
  const std::vector<Frame> refused = {download_request(trial.random, "img", "not_there"),
                                      download_request(trial.random, "img", ".."),
                                      request(trial.random, "main", json::object()), damaged,
                                      nameless};
  for (const Frame& one : refused) {
    const Frame reply = caller.answer_to(one);
    trial.expect(tr("a refusal", "一个拒绝"), reply.header.contains("error"), "error",
                 reply.header.dump(-1, ' ', false, json::error_handler_t::replace));
    expect_digest(trial, reply);
  }
}

/// Bytes that are no frame, with what is wrong with them.
std::vector<std::pair<std::string, std::string>> no_frames() {
  const auto with = [](const std::string& field) {
    return frame_around(R"({"command":"upload","file_type":"img","file_name":"x",)" + field + "}");
  };
  return {{tr("a length of 0", "长度 0"), prefix_of(0) + "{}"},
          {tr("a length of -1", "长度 -1"), prefix_of(-1) + "{}"},
          {tr("the smallest length", "最小的长度"), prefix_of(INT32_MIN)},
          {tr("the largest length", "最大的长度"), prefix_of(INT32_MAX) + "{"},
          {tr("a length of 65537", "长度 65537"), prefix_of(65'537) + "{"},
          {tr("half of an object", "半个对象"), frame_around(R"({"command":"upload",)")},
          {tr("a list", "列表"), frame_around("[1,2]")},
          {"null", frame_around("null")},
          {tr("no fields", "没有字段"), frame_around("{}")},
          {tr("no data_length", "没有 data_length"), frame_around(R"({"command":"upload"})")},
          {tr("no UTF-8", "不是 UTF-8"), frame_around("{\"command\":\"\xff\",\"data_length\":0}")},
          {tr("deep nesting", "嵌套太深"),
           with(R"("data_length":0,"x":)" + std::string(5000, '[') + std::string(5000, ']'))},
          {tr("a field twice", "重复的字段"), with(R"("data_length":0,"data_length":0)")},
          {"data_length -1", with(R"("data_length":-1)")},
          {"data_length 1.5", with(R"("data_length":1.5)")},
          {"data_length \"5\"", with(R"("data_length":"5")")},
          {"data_length 1e30", with(R"("data_length":1e30)")},
          {"data_length 2^64 - 1", with(R"("data_length":18446744073709551615)")},
          {"HTTP", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"}};
}

/// Is told once at most, and hung up.
void expect_refused_for_ever(Input& trial, const Caller& caller, const std::string& what) {
  const auto heard = dialtone::hear_to_the_end(caller.get(), std::size_t{1} << 20U, patience);
  trial.expect(what + tr(": the caller is hung up", "：来电者被挂断"), heard.ended || heard.broken,
               tr("the end", "结束"), tr("no end in time", "没有按时结束"));
  if (heard.bytes.empty()) return;
  json header;
  std::size_t length = 0;
  if (heard.bytes.size() > 4) {
    for (unsigned i = 0; i < 4; ++i)
      length |= std::size_t{static_cast<unsigned char>(heard.bytes[i])} << (8 * i);
    header = json::parse(heard.bytes.substr(4, length), nullptr, false);
  }
  const bool told = header.is_object() && header.value("error", json()) == "bad-request" &&
                    header.value("data_length", json()).is_number_unsigned() &&
                    heard.bytes.size() == 4 + length + header.at("data_length").get<std::size_t>();
  trial.expect(what + tr(": told as one refusal", "：只告知一次拒绝"), told, "bad-request",
               dialtone::show(heard.bytes.substr(0, 200)));
}

void survive_frames_that_are_none(Input& trial, const Subject& subject) {
  Server server(trial, subject);
  Caller other = server.dial();
  expect_served(trial, other);
  const std::uint64_t before = server.memory("VmHWM");
  for (const auto& [what, bytes] : no_frames()) {
    Caller caller = server.dial();
    caller.say(bytes, what);
    expect_refused_for_ever(trial, caller, what);
  }
  expect_small_growth(trial, server, before);
  expect_served(trial, other);
  server.expect_running();
}

enum class Stage { dialled, in_prefix, in_header, in_payload, in_reply, last = in_reply };

/// A caller that gets as far as this stage, and breaks off there.
void break_off_at(Input& trial, Server& server, Stage stage, const File& large) {
  Caller caller = server.dial();
  const Frame upload =
      upload_request(trial.random, "img", "half.png", draw_bytes(trial.random, 200'000));
  const std::string bytes = upload.bytes();
  const std::size_t head = bytes.size() - upload.payload.size();
  const auto say_up_to = [&](std::size_t count) {
    caller.say(std::string_view(bytes).substr(0, count),
               tr("bytes of an upload: ", "上传的字节数：") + std::to_string(count));
  };
  if (stage == Stage::in_prefix) say_up_to(trial.random.between(1, 3));
  if (stage == Stage::in_header) say_up_to(trial.random.between(5, head - 1));
  if (stage == Stage::in_payload) say_up_to(trial.random.between(head, bytes.size() - 1));
  if (stage == Stage::in_reply) {
    caller.ask(download_request(trial.random, large.type, large.name));
    caller.hear_head();
  }
  if (trial.random.chance(0.5)) pause(milliseconds(5));
  if (trial.random.chance(0.5)) {
    caller.break_off();
  } else {
    trial.step(caller.name() + tr(" hangs up", " 挂断"));
    caller.hang_up();
  }
}

void survive_callers_that_break_off(Input& trial, const Subject& subject) {
  const File large{"video", "large.mp4", filled('v', 3'000'000)};
  Server server(trial, subject, {large});
  Caller other = server.dial();
  expect_served(trial, other);
  const auto files = server.files();
  for (int stage = 0; stage <= static_cast<int>(Stage::last); ++stage)
    for (int i = 0; i < 2; ++i) break_off_at(trial, server, static_cast<Stage>(stage), large);
  const auto begin = Clock::now();
  while (server.files() != files && since(begin) < patience) pause(milliseconds(10));
  trial.expect_equal(tr("the files when they have gone", "他们离开后的文件"),
                     listed(server.files()), listed(files));
  expect_served(trial, other);
  server.expect_running();
}

void survive_half_closed_callers(Input& trial, const Subject& subject) {
  const File file{"img", "half.png", draw_bytes(trial.random, trial.random.between(1, 400'000))};
  Server server(trial, subject, {file});
  Caller caller = server.dial();
  const Frame asked = trial.index % 2 == 0
                          ? download_request(trial.random, "img", file.name)
                          : upload_request(trial.random, "img", "new.png", file.bytes);
  caller.ask(asked);
  caller.finish_speaking();
  const Frame reply = caller.hear(tr("the reply", "回复"));
  expect_reply(trial, reply, asked.header["command"].get<std::string>(),
               trial.index % 2 == 0 ? file.bytes : uploaded_words("img", "new.png"));
  caller.expect_hung_up(tr("after its reply", "回复之后"));
}

}  // namespace

std::vector<SubjectCase> survive_cases() {
  return {rule("survive_requests_in_any_cut", 6, survive_requests_in_any_cut),
          rule("survive_unknown_commands", 1, survive_unknown_commands),
          rule("survive_requests_without_a_digest", 1, survive_requests_without_a_digest),
          rule("survive_names_that_lead_outside", 1, survive_names_that_lead_outside),
          rule("survive_refusals_carry_a_digest", 1, survive_refusals_carry_a_digest),
          rule("survive_frames_that_are_none", 1, survive_frames_that_are_none),
          rule("survive_callers_that_break_off", 2, survive_callers_that_break_off),
          rule("survive_half_closed_callers", 4, survive_half_closed_callers)};
}

}  // namespace ftp_judge
