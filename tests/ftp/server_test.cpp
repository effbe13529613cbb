// The rules of ftp/PROTOCOL.md, on a running server.
#include <sys/socket.h>

#include <csignal>
#include <set>

#include "ftp_support.hpp"
#include "practice.hpp"
#include "wire.hpp"

using namespace ftp_test;
using dialtone::TemporaryFolder;
using dialtone::write_file;
using nlohmann::json;

namespace {

/// A root with one picture in it.
struct Root {
  TemporaryFolder folder;
  fs::path path = folder.path();
  Root() {
    fs::create_directories(path / "img");
    write_file(path / "img" / "a.png", "picture");
  }
};

/// "xxh3-128:..." of these bytes.
std::string xxh3_of(std::string_view bytes) {
  ftp::Digester digester(ftp::DigestKind::xxh3_128);
  digester.update(std::as_bytes(std::span(bytes)));
  return ftp::tagged(digester.kind(), digester.so_far());
}

/// Nothing but what is listed lies under the root, hidden files included.
std::set<std::string> files_under(const fs::path& root) {
  std::set<std::string> files;
  std::error_code vanished;  // the server goes on meanwhile
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.is_regular_file(vanished))
      files.insert(entry.path().lexically_relative(root).string());
  return files;
}

}  // namespace

// --- version 1 -------------------------------------------------------------------------------

TEST_CASE("the_course_lists_downloads_and_uploads") {
  const Root root;
  ServerProcess server(root.path);
  Caller caller(server.port());

  const Frame list = caller.ask(course_request("show_file_name_list", "", "img"));
  CHECK(list.payload == "a.png");
  CHECK(list.header.command == "show_file_name_list");
  CHECK(list.header.file_type == "img");
  CHECK(digest_fits(list));

  const Frame empty = caller.ask(course_request("show_file_name_list", "", "video"));
  CHECK(empty.payload.empty());
  CHECK(digest_fits(empty));

  const Frame file = caller.ask(course_request("download_file", "a.png", "img", "a.png"), "a.png");
  CHECK(file.payload == "picture");
  CHECK(digest_fits(file));

  const std::uint64_t seed = dialtone::test_seed();
  INFO("seed " << seed);
  std::set<std::string> names{"a.png"};
  for (const std::size_t size : {0U, 1U, 1023U, 1024U, 1025U, 70'000U, 1'000'000U}) {
    const std::string name = "自愿 '上班\"," + std::to_string(size) + ".tar.gz";
    const std::string bytes = random_bytes(size, seed + size);
    const Frame reply = caller.ask(course_request("upload", bytes, "img", name), bytes);
    const std::string stem = name.substr(0, name.find('.'));
    CHECK(reply.payload == "当前文件 " + stem + " 上传成功!保存至 :>>>> img/" + name + "!");
    CHECK(digest_fits(reply));
    CHECK(stored(root.path / "img" / name) == bytes);
    const Frame back = caller.ask(course_request("download_file", name, "img", name), name);
    CHECK(back.payload == bytes);
    CHECK(digest_fits(back));
  }
  CHECK(server.stop() == 0);
}

TEST_CASE("an_unknown_type_is_a_plain_file") {
  const Root root;
  ServerProcess server(root.path);
  Caller caller(server.port());
  for (const std::string type : {"", "text", "../img"}) {
    const std::string name = "n" + std::to_string(type.size()) + ".txt";
    const Frame reply = caller.ask(course_request("upload", "x", type, name), "x");
    CHECK(reply.payload.find(" file/" + name + "!") != std::string::npos);
    CHECK(stored(root.path / "file" / name) == "x");
  }
}

TEST_CASE("errors_of_version_1_carry_a_digest_and_the_call_goes_on") {
  const Root root;
  ServerProcess server(root.path);
  Caller caller(server.port());
  const auto expect_error = [&](const framing::Header& header, std::string_view payload,
                                const std::string& code, const std::string& words) {
    INFO(header.command << " " << header.file_name.value_or(""));
    const Frame reply = caller.ask(header, payload);
    CHECK(code_of(reply) == code);
    CHECK(digest_fits(reply));
    if (!words.empty()) CHECK(reply.payload == words);
  };
  expect_error(course_request("download_file", "b.png", "img", "b.png"), "b.png", "not-found", "");
  expect_error(course_request("main", "", "img"), "", "unknown-command", "main is not exist");
  expect_error(course_request("__init__", "x", "img"), "x", "unknown-command",
               "__init__ is not exist");
  framing::Header wrong = course_request("upload", "data", "img", "c.png");
  wrong.encrypted = std::string(32, '0');
  expect_error(wrong, "data", "damaged", "数据被篡改!");
  wrong.encrypted.reset();
  expect_error(wrong, "data", "damaged", "数据被篡改!");
  CHECK_FALSE(stored(root.path / "img" / "c.png"));
  for (const std::string& name :
       std::vector<std::string>{"../c.png", "/tmp/c.png", "..", ".", "a/b", "a\nb",
                                std::string("a\0b", 3), std::string(256, 'n')})
    expect_error(course_request("upload", "data", "img", name), "data", "bad-name", "");
  expect_error(course_request("upload", "data", "img"), "data", "bad-name", "");
  CHECK(files_under(root.path) == std::set<std::string>{"img/a.png"});
  CHECK(caller.ask(course_request("show_file_name_list", "", "img")).payload == "a.png");
}

TEST_CASE("what_is_no_frame_is_answered_once_and_the_call_ends") {
  const Root root;
  ServerProcess server(root.path);
  Caller healthy(server.port());
  using namespace std::string_literals;
  for (const std::string& bytes : {"\xff\xff\xff\xff"s, "\0\0\0\0"s, "\xff\xff\xff\x7f"s,
                                   "\2\0\0\0[]"s, "\4\0\0\0nope"s, "\x0e\0\0\0{\"command\": 1}"s}) {
    Caller caller(server.port());
    REQUIRE(caller.send_bytes(bytes));
    const auto reply = caller.receive();
    REQUIRE(reply);
    CHECK(code_of(*reply) == "bad-request");
    CHECK(digest_fits(*reply));
    CHECK_FALSE(caller.receive());
  }
  CHECK(healthy.ask(course_request("show_file_name_list", "", "img")).payload == "a.png");
}

TEST_CASE("a_command_that_no_reply_can_repeat_ends_the_call_as_a_bad_request") {
  const Root root;
  ServerProcess server(root.path);
  framing::Header longest;
  longest.command = std::string(65'480, 'x');
  for (const framing::Header& header : {longest, request_2(std::string(40'000, 'x'), 1, {})}) {
    Caller caller(server.port());
    const Frame reply = caller.ask(header);
    CHECK(reply.header.command == "error");
    CHECK(code_of(reply) == "bad-request");
    CHECK_FALSE(caller.receive());
  }
}

TEST_CASE("a_request_may_come_in_any_cut_and_end_in_a_half_close") {
  const Root root;
  ServerProcess server(root.path);
  Caller caller(server.port());
  const std::string bytes =
      *framing::encode(course_request("upload", "0123456789", "img", "cut.png"), "0123456789");
  for (const char byte : bytes) REQUIRE(caller.send_bytes({&byte, 1}));
  caller.finish_sending();
  const auto reply = caller.receive();
  REQUIRE(reply);
  CHECK(digest_fits(*reply));
  CHECK(stored(root.path / "img" / "cut.png") == "0123456789");
  CHECK_FALSE(caller.receive());
}

TEST_CASE("an_upload_that_breaks_off_leaves_nothing_in_version_1") {
  const Root root;
  ServerProcess server(root.path);
  Caller witness(server.port());
  const framing::Header first = course_request("upload", "picture", "img", "a.png");
  REQUIRE(digest_fits(witness.ask(first, "picture")));  // the store keeps its folders open from now
  const std::size_t before = server.open_descriptors();
  const std::string whole =
      *framing::encode(course_request("upload", std::string(100'000, 'x'), "img", "a.png"),
                       std::string(100'000, 'x'));
  for (const std::size_t part : {2U, 4U, 60U, 300U, 50'000U, 100'000U}) {
    Caller caller(server.port());
    REQUIRE(caller.send_bytes(std::string_view(whole).substr(0, part)));
    if (part % 4 == 0)
      caller.reset();
    else
      caller.finish_sending();
  }
  const auto until = std::chrono::steady_clock::now() + patience;
  while (files_under(root.path).size() != 1 || server.open_descriptors() > before) {
    REQUIRE(witness.ask(course_request("show_file_name_list", "", "img")).payload == "a.png");
    REQUIRE(std::chrono::steady_clock::now() < until);
  }
  CHECK(stored(root.path / "img" / "a.png") == "picture");
}

// --- version 2 -------------------------------------------------------------------------------

TEST_CASE("hello_tells_what_the_server_can_do") {
  const Root root;
  ServerProcess server(root.path, {"--quota", "1000", "--max-file", "500"});
  Caller caller(server.port());
  const Frame hello = caller.ask(request_2("hello", 7, {{"client", "test"}}));
  CHECK(hello.header.others.at("status") == "ok");
  CHECK(hello.header.others.at("id") == 7);
  CHECK(hello.header.others.at("versions") == json({1, 2}));
  CHECK(hello.header.others.at("limits").at("quota") == 1000);
  CHECK(hello.header.others.at("limits").at("file") == 500);
  CHECK(hello.header.others.at("limits").at("used") == 7);
}

TEST_CASE("a_put_in_one_frame_or_in_many_is_stored_and_told_with_its_digest") {
  const Root root;
  ServerProcess server(root.path);
  Caller caller(server.port());
  const std::uint64_t seed = dialtone::test_seed();
  INFO("seed " << seed);
  const std::string bytes = random_bytes(300'000, seed);
  const std::string digest = xxh3_of(bytes);

  const json one = {{"file_type", "video"}, {"file_name", "one"}, {"digest", digest}};
  const Frame reply = caller.ask(request_2("put", 1, one, bytes), bytes);
  CHECK(reply.header.others.at("status") == "ok");
  CHECK(reply.header.others.at("digest") == digest);
  CHECK(stored(root.path / "video" / "one") == bytes);

  const std::string_view view = bytes;
  const json many = {{"file_type", "video"}, {"file_name", "many"}, {"more", true}};
  REQUIRE(caller.send(request_2("put", 2, many, view.substr(0, 1000)), view.substr(0, 1000)));
  REQUIRE(
      caller.send(request_2("data", 2, {{"more", true}}, view.substr(1000)), view.substr(1000)));
  CHECK_FALSE(stored(root.path / "video" / "many"));
  const Frame last = caller.ask(request_2("data", 2, {{"digest", digest}}));
  CHECK(last.header.command == "put");
  CHECK(last.header.others.at("size") == bytes.size());
  CHECK(stored(root.path / "video" / "many") == bytes);

  const json wrong = {{"file_type", "video"}, {"file_name", "wrong"}, {"digest", digest}};
  CHECK(code_of(caller.ask(request_2("put", 3, wrong, "other"), "other")) == "damaged");
  const json sized = {{"file_type", "video"}, {"file_name", "wrong"}, {"size", 6}};
  CHECK(code_of(caller.ask(request_2("put", 4, sized, "other"), "other")) == "damaged");
  CHECK_FALSE(stored(root.path / "video" / "wrong"));

  const json sha = {
      {"file_type", "file"},
      {"file_name", "sha"},
      {"digest", "sha-256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}};
  CHECK(caller.ask(request_2("put", 5, sha, "abc"), "abc").header.others.at("status") == "ok");
  CHECK(code_of(caller.ask(request_2("put", 6, sha, "abd"), "abd")) == "damaged");
  CHECK(stored(root.path / "file" / "sha") == "abc");
}

TEST_CASE("a_get_resumes_behind_the_bytes_that_are_there_and_only_behind_these") {
  const Root root;
  ServerProcess server(root.path);
  Caller caller(server.port());
  const json target = {{"file_type", "img"}, {"file_name", "a.png"}};
  const Frame whole = caller.ask(request_2("get", 1, target));
  CHECK(whole.payload == "picture");
  CHECK(whole.header.others.at("digest") == xxh3_of("picture"));

  json rest = target;
  rest["offset"] = 3;
  rest["prefix_digest"] = xxh3_of("pic");
  const Frame resumed = caller.ask(request_2("get", 2, rest));
  CHECK(resumed.payload == "ture");
  CHECK(resumed.header.others.at("size") == 7);
  rest["prefix_digest"] = xxh3_of("pik");
  CHECK(code_of(caller.ask(request_2("get", 3, rest))) == "changed");
  rest["offset"] = 8;
  CHECK(code_of(caller.ask(request_2("get", 4, rest))) == "bad-request");
}

TEST_CASE("an_interrupted_put_is_kept_for_the_resume_of_the_same_target") {
  const Root root;
  ServerProcess server(root.path);
  const json target = {{"file_type", "img"}, {"file_name", "big.png"}};
  json begin = target;
  begin["size"] = 10;
  begin["data_length"] = 10;
  {
    Caller caller(server.port());
    REQUIRE(caller.send(request_2("put", 1, begin), "01234"));
    caller.finish_sending();
    CHECK_FALSE(caller.receive());
  }
  Caller caller(server.port());
  const Frame stat = caller.ask(request_2("stat", 2, target));
  const json partial = stat.header.others.at("partial");
  CHECK(partial.at("length") == 5);
  CHECK(stat.header.others.count("size") == 0);

  json resume = target;
  resume["size"] = 10;
  resume["offset"] = 5;
  resume["prefix_digest"] = "xxh3-128:" + std::string(32, '0');
  CHECK(code_of(caller.ask(request_2("put", 3, resume, "56789"), "56789")) == "changed");
  resume["prefix_digest"] = partial.at("digest");
  CHECK(caller.ask(request_2("put", 4, resume, "56789"), "56789").header.others.at("status") ==
        "ok");
  CHECK(stored(root.path / "img" / "big.png") == "0123456789");
  CHECK(caller.ask(request_2("stat", 5, target)).header.others.count("partial") == 0);
}

TEST_CASE("requests_may_be_sent_ahead_and_are_answered_in_order") {
  const Root root;
  ServerProcess server(root.path);
  Caller caller(server.port());
  std::string ahead;
  for (std::uint64_t id = 0; id < 500; ++id) {
    const json target = {{"file_type", "file"}, {"file_name", std::to_string(id % 50)}};
    const std::string payload = std::to_string(id);
    ahead += id % 2 == 0 ? *framing::encode(request_2("put", id, target, payload), payload)
                         : *framing::encode(request_2("stat", id, target), "");
  }
  REQUIRE(caller.send_bytes(ahead));
  for (std::uint64_t id = 0; id < 500; ++id) {
    const auto reply = caller.receive();
    REQUIRE(reply);
    REQUIRE(reply->header.others.at("id") == id);
  }
  CHECK(stored(root.path / "file" / "48") == "498");
}

TEST_CASE("a_list_comes_in_pages_and_names_may_hold_commas") {
  const Root root;
  fs::create_directories(root.path / "file");
  for (const char* name : {"a", "b,c", "d", "e"}) write_file(root.path / "file" / name, name);
  ServerProcess server(root.path);
  Caller caller(server.port());
  json fields = {{"file_type", "file"}, {"limit", 3}, {"digest", "sha-256"}};
  const Frame first = caller.ask(request_2("list", 1, fields));
  const json page = json::parse(first.payload);
  REQUIRE(page.size() == 3);
  CHECK(page[1].at("file_name") == "b,c");
  CHECK(page[1].at("size") == 3);
  CHECK(page[0].at("digest") ==
        "sha-256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
  CHECK(first.header.others.at("next") == "d");
  fields["after"] = "d";
  const Frame second = caller.ask(request_2("list", 2, fields));
  CHECK(json::parse(second.payload).size() == 1);
  CHECK(second.header.others.count("next") == 0);
}

TEST_CASE("files_are_renamed_and_removed") {
  const Root root;
  ServerProcess server(root.path);
  Caller caller(server.port());
  const json target = {{"file_type", "img"}, {"file_name", "a.png"}};
  json rename = target;
  rename["to_type"] = "file";
  rename["to_name"] = "b.png";
  CHECK(caller.ask(request_2("rename", 1, rename)).header.others.at("status") == "ok");
  CHECK(stored(root.path / "file" / "b.png") == "picture");
  CHECK(code_of(caller.ask(request_2("rename", 2, rename))) == "not-found");
  write_file(root.path / "img" / "a.png", "other");
  CHECK(code_of(caller.ask(request_2("rename", 3, rename))) == "exists");
  rename["replace"] = true;
  CHECK(caller.ask(request_2("rename", 4, rename)).header.others.at("status") == "ok");
  CHECK(stored(root.path / "file" / "b.png") == "other");
  const json renamed = {{"file_type", "file"}, {"file_name", "b.png"}};
  CHECK(caller.ask(request_2("remove", 5, renamed)).header.others.at("status") == "ok");
  CHECK(code_of(caller.ask(request_2("remove", 6, renamed))) == "not-found");
}

TEST_CASE("requests_of_version_2_that_lack_something_name_it") {
  const Root root;
  ServerProcess server(root.path);
  Caller caller(server.port());
  const auto detail = [&](std::string_view command, const json& fields) {
    const Frame reply = caller.ask(request_2(command, 9, fields));
    CHECK(reply.header.others.at("id") == 9);
    return code_of(reply) + ": " + reply.header.others["error"]["detail"].get<std::string>();
  };
  CHECK(detail("get", {{"file_type", "img"}}) == "bad-request: get: file_name is missing");
  CHECK(detail("get", {{"file_type", "pic"}, {"file_name", "a"}}) ==
        "bad-request: get: file_type is none of img, video and file");
  CHECK(detail("fetch", json::object()) == "unknown-command: no command 'fetch'");
  CHECK(detail("get", {{"file_type", "img"}, {"file_name", "a"}, {"offset", -1}}) ==
        "bad-request: get: offset is not a whole number from 0 up");
  CHECK(detail("data", json::object()).substr(0, 12) == "bad-request:");
}

// --- limits and ends -------------------------------------------------------------------------

TEST_CASE("what_does_not_fit_is_refused_and_nothing_stays") {
  const Root root;
  ServerProcess server(root.path, {"--quota", "1000", "--max-file", "800"});
  Caller caller(server.port());
  const std::string bytes(900, 'x');
  CHECK(code_of(caller.ask(course_request("upload", bytes, "img", "b"), bytes)) == "too-large");
  const std::string most(800, 'x');
  CHECK(digest_fits(caller.ask(course_request("upload", most, "img", "b"), most)));
  const std::string more(194, 'y');
  CHECK(code_of(caller.ask(course_request("upload", more, "img", "c"), more)) == "no-space");
  const json target = {{"file_type", "img"}, {"file_name", "c"}};
  CHECK(code_of(caller.ask(request_2("put", 1, target, more), more)) == "no-space");
  CHECK(files_under(root.path) == std::set<std::string>{"img/a.png", "img/b"});
}

TEST_CASE("one_session_too_many_is_told_busy") {
  const Root root;
  ServerProcess server(root.path, {"--max-sessions", "1"});
  Caller first(server.port());
  CHECK(first.ask(course_request("show_file_name_list", "", "img")).payload == "a.png");
  Caller second(server.port());
  const Frame busy = second.ask(course_request("show_file_name_list", "", "img"));
  CHECK(code_of(busy) == "busy");
  CHECK(digest_fits(busy));
  CHECK_FALSE(second.receive());
  Caller third(server.port());
  const Frame busy_2 = third.ask(request_2("stat", 3, {{"file_type", "img"}, {"file_name", "a"}}));
  CHECK(code_of(busy_2) == "busy");
  CHECK(busy_2.header.others.at("id") == 3);
}

TEST_CASE("a_silent_caller_is_hung_up") {
  const Root root;
  ServerProcess server(root.path, {"--idle", "1"});
  Caller caller(server.port());
  REQUIRE(caller.send_bytes("\x05"));
  const auto reply = caller.receive();
  REQUIRE(reply);
  CHECK(code_of(*reply) == "timed-out");
  CHECK_FALSE(caller.receive());
}

TEST_CASE("sigterm_finishes_what_is_in_flight_and_takes_no_new_caller") {
  const Root root;
  ServerProcess server(root.path);
  Caller idle(server.port());
  CHECK(idle.ask(course_request("show_file_name_list", "", "img")).payload == "a.png");
  Caller busy(server.port());
  const std::string whole =
      *framing::encode(course_request("upload", "0123456789", "img", "late.png"), "0123456789");
  REQUIRE(busy.send_bytes(std::string_view(whole).substr(0, whole.size() - 5)));
  // The upload has begun once its temporary is there.
  const auto until = std::chrono::steady_clock::now() + patience;
  while (files_under(root.path).size() < 2) REQUIRE(std::chrono::steady_clock::now() < until);
  server.signal(SIGTERM);
  CHECK_FALSE(idle.receive());
  REQUIRE(busy.send_bytes(std::string_view(whole).substr(whole.size() - 5)));
  const auto reply = busy.receive();
  REQUIRE(reply);
  CHECK(digest_fits(*reply));
  CHECK(stored(root.path / "img" / "late.png") == "0123456789");
  CHECK_FALSE(busy.receive());
  CHECK(server.stop() == 0);
}

TEST_CASE("an_operator_is_answered_beside_the_callers") {
  const Root root;
  ServerProcess server(root.path, {"--console", "0", "--max-sessions", "7"});
  Caller caller(server.port());
  CHECK(caller.ask(course_request("show_file_name_list", "", "img")).payload == "a.png");
  Caller operator_(server.console_port());
  REQUIRE(operator_.send_bytes("status\nwhat\nbye\n"));
  std::string heard;
  for (std::string part; !(part = operator_.read_some(1024)).empty();) heard += part;
  INFO(heard);
  CHECK(heard.starts_with("sessions 1 of 7, requests 1 answered and 0 refused, bytes "));
  CHECK(heard.ends_with(" free\nerror unknown: \"what\"\nbye\n"));
  server.signal(SIGTERM);
  CHECK(server.stop() == 0);
}

TEST_CASE("our_client_and_our_server_move_files") {
  const Root root;
  const ServerProcess server(root.path);
  const TemporaryFolder here;
  const auto client = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {DIALTONE_BUILD "/bin/ftp-client", "--port", std::to_string(server.port())});
    dialtone::Command command;
    command.arguments = std::move(arguments);
    command.directory = here.path();
    return dialtone::run(command, patience);
  };
  const std::uint64_t seed = dialtone::test_seed();
  INFO("seed " << seed);
  std::vector<std::pair<std::string, std::string>> files;
  for (const std::size_t size : {0U, 1U, 1023U, 1024U, 1025U, 3'000'000U})
    files.emplace_back("雪中 '女孩' \", " + std::to_string(size), random_bytes(size, seed + size));
  std::vector<std::string> put = {"put"};
  for (const auto& [name, bytes] : files) {
    write_file(here.path() / name, bytes);
    put.push_back(name);
  }
  CHECK(client(put).succeeded());
  for (const auto& [name, bytes] : files) CHECK(stored(root.path / "file" / name) == bytes);

  CHECK(client({"get", "file/*", "-o", "back/"}).succeeded());
  for (const auto& [name, bytes] : files) CHECK(stored(here.path() / "back" / name) == bytes);

  CHECK(client({"mv", "img/a.png", "img/b.png"}).succeeded());
  CHECK(client({"stat", "img/a.png"}).ending.exit_code == 1);
  CHECK(client({"rm", "img/b.png"}).succeeded());
  CHECK(client({"ls", "--json", "img"}).out.empty());
}

TEST_CASE("a_forger_is_found_in_neither_version_unless_he_is_careless") {
  const Root root;
  const ServerProcess server(root.path);
  const auto got_through = [&](const std::vector<std::string>& manner) {
    std::vector<std::string> arguments = {DIALTONE_BUILD "/bin/ftp-forger",
                                          "--to",
                                          "127.0.0.1:" + std::to_string(server.port()),
                                          "--from",
                                          "pict",
                                          "--into",
                                          "fict"};
    arguments.insert(arguments.end(), manner.begin(), manner.end());
    const ServerProcess forger(arguments);
    const TemporaryFolder here;
    dialtone::Command get;
    get.arguments = {DIALTONE_BUILD "/bin/ftp-client", "--port", std::to_string(forger.port()),
                     "get", "img/a.png"};
    get.directory = here.path();
    dialtone::run(get, patience);
    return stored(here.path() / "a.png").value_or("");
  };
  CHECK(got_through({"--downgrade", "--careless"}).empty());
  CHECK(got_through({"--downgrade"}) == "ficture");
  CHECK(got_through({"--careless"}).empty());
  CHECK(got_through({}) == "ficture");
}

TEST_CASE("sighup_reopens_the_log") {
  const Root root;
  const TemporaryFolder logs;
  const fs::path log = logs.path() / "log";
  ServerProcess server(root.path, {"--log", log.string()});
  fs::rename(log, logs.path() / "log.1");
  server.signal(SIGHUP);
  const auto until = std::chrono::steady_clock::now() + patience;
  while (stored(log).value_or("").find("a.png") == std::string::npos) {
    Caller caller(server.port());
    caller.ask(course_request("download_file", "a.png", "img", "a.png"), "a.png");
    REQUIRE(std::chrono::steady_clock::now() < until);
  }
  CHECK(stored(logs.path() / "log.1")->find("listening on") != std::string::npos);
}

TEST_CASE("a_server_that_cannot_start_says_why_in_one_line") {
  const Root root;
  ServerProcess server(root.path);
  const auto start = [&](std::vector<std::string> arguments) {
    dialtone::Command command;
    command.arguments = {DIALTONE_BUILD "/bin/ftp-server", "--lang", "en"};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    return dialtone::run(command, patience);
  };
  const auto busy_port =
      start({"--root", root.path.string(), "--port", std::to_string(server.port())});
  CHECK(busy_port.ending.exit_code == 1);
  CHECK(busy_port.err.find("Address already in use; choose another --port") != std::string::npos);
  const auto no_root = start({"--root", "/nowhere/at/all", "--port", "0"});
  CHECK(no_root.ending.exit_code == 1);
  CHECK(no_root.err.find("/nowhere/at/all") != std::string::npos);
  const auto no_log = start({"--root", root.path.string(), "--port", "0", "--log",
                             (root.path / "img/a.png/log").string()});
  CHECK(no_log.ending.exit_code == 1);
  for (const auto& outcome : {busy_port, no_root, no_log})
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(start({}).ending.exit_code == 2);
  CHECK(start({"--root", root.path.string(), "--host", "example.org"}).ending.exit_code == 2);
}
