// ftp-client's commands, over both versions of the protocol.
#include <csignal>

#include "client_support.hpp"
#include "progress.hpp"
#include "terminal.hpp"

using namespace dialtone;
using namespace ftp_test;
using nlohmann::json;

namespace {

/// Files at a server that is there for one run of the client at a time; between runs they are the
/// test's alone.
struct Played {
  explicit Played(bool version_2 = true) { files.version_2 = version_2; }
  Outcome run(const std::vector<std::string>& arguments, const std::string& input = "") {
    const PlayedServer server(keeper_of(files));
    return client.run(server.port(), arguments, input);
  }

  Files files;
  ClientRun client;
};

std::string noise(std::size_t size) {
  static Random random(test_seed());
  return random.bytes(size);
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

std::size_t count_of(const std::vector<framing::Header>& requests, const std::string& command) {
  return static_cast<std::size_t>(
      std::count_if(requests.begin(), requests.end(),
                    [&](const framing::Header& header) { return header.command == command; }));
}

}  // namespace

TEST_CASE("ls_shows_all_types_pages_and_patterns") {
  Played played;
  played.files.page = 2;
  for (const char* name : {"img/a.png", "img/b.png", "img/c.png", "img/鱼.jpg", "video/v.mp4",
                           "file/.hidden", "file/t.txt"})
    played.files.files[name] = name;
  const auto names = [&](const std::vector<std::string>& words) {
    std::vector<std::string> arguments{"ls", "--json"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    std::vector<std::string> found;
    for (const json& line : lines_of(played.run(arguments).out)) found.push_back(line["file"]);
    return found;
  };
  using Names = std::vector<std::string>;
  CHECK(names({}).size() == 7);
  CHECK(names({"img"}) == Names{"img/a.png", "img/b.png", "img/c.png", "img/鱼.jpg"});
  CHECK(names({"img", "?.jpg"}) == Names{"img/鱼.jpg"});
  CHECK(names({"file/*"}) == Names{"file/t.txt"});
  CHECK(names({"[ab].*"}) == Names{"img/a.png", "img/b.png"});
  const Outcome table = played.run({"ls", "video", "--digest"});
  CHECK(contains(table.out, "video    11  2023-11-14 22:13  " + xxh3("video/v.mp4") + "  v.mp4\n"));
}

TEST_CASE("get_keeps_the_name_or_takes_another_and_leaves_nothing_else") {
  Played played;
  played.files.files = {{"img/a.png", "png"}, {"file/empty", ""}, {"file/b.png", "other"}};
  CHECK(played.run({"get", "a.png", "file/empty"}).succeeded());
  CHECK(played.run({"get", "file/b.png", "-o", "c"}).succeeded());
  CHECK(played.run({"get", "*", "-o", "all"}).succeeded());
  CHECK(played.run({"get", "a.png", "-o", "-"}).out == "png");
  CHECK(played.client.read("c") == "other");
  CHECK(played.client.all() ==
        std::vector<std::string>{"a.png", "all/a.png", "all/b.png", "all/empty", "c", "empty"});
}

TEST_CASE("one_file_that_fails_costs_only_itself") {
  Played played;
  played.files.files = {{"img/a.png", "a"}, {"img/c.png", "c"}};
  const Outcome seen = played.run({"get", "a.png", "b.png", "c.png"});
  CHECK(seen.ending.exit_code == 1);
  CHECK(is_one_line(seen.err));
  CHECK(contains(seen.err, "get img/b.png: there is no such file"));
  CHECK(played.client.all() == std::vector<std::string>{"a.png", "c.png"});
  const auto lines = lines_of(played.run({"get", "--json", "b.png", "c.png"}).out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["error"]["code"] == "not-found");
  CHECK(lines[1]["digest"] == xxh3("c"));
  CHECK(contains(played.run({"--lang", "zh", "get", "b.png"}).err, "没有这个文件"));
}

TEST_CASE("many_small_files_go_ahead_of_their_replies") {
  Played played;
  std::vector<std::string> put{"put"};
  for (int i = 0; i < 300; ++i) {
    const std::string name = "f" + std::to_string(i);
    played.client.write("in/" + name, noise(static_cast<std::size_t>(i) * 100));
    put.push_back("in/" + name);
  }
  CHECK(played.run(put).succeeded());
  CHECK(played.run({"get", "file/f*", "-o", "out"}).succeeded());
  for (int i = 0; i < 300; ++i) {
    const std::string name = "f" + std::to_string(i);
    CHECK(played.client.read("out/" + name) == played.client.read("in/" + name));
  }
  // A server that answers nobody before it has been asked for three files.
  const ClientRun client;
  const PlayedServer patient([](Talk& call) {
    call.reply(call.receive().header, json::object());  // hello
    std::vector<Heard> asked;
    for (int i = 0; i < 3; ++i) asked.push_back(call.receive());
    for (const Heard& heard : asked)
      call.reply(heard.header, {{"size", 1}, {"time", 0}, {"offset", 0}, {"digest", xxh3("x")}},
                 "x");
  });
  CHECK(client.run(patient.port(), {"get", "a", "b", "c"}).succeeded());
  CHECK(client.all().size() == 3);
}

TEST_CASE("an_interrupted_get_goes_on_from_its_part") {
  Played played;
  const std::string bytes = noise(3'000'000);
  played.files.files = {{"file/big", bytes}};
  played.files.hang_up_after = 1'000'000;
  const Outcome broken = played.run({"get", "big"});
  CHECK(broken.ending.exit_code == 1);
  CHECK(is_one_line(broken.err));
  CHECK(played.client.all() == std::vector<std::string>{"big.part"});
  CHECK(played.client.read("big.part") == bytes.substr(0, 1'000'000));
  const Outcome whole = played.run({"get", "big", "--json"});
  CHECK(whole.succeeded());
  CHECK(lines_of(whole.out).at(0)["resumed_at"] == 1'000'000);
  CHECK(played.client.read("big") == bytes);
  CHECK(played.client.all() == std::vector<std::string>{"big"});
}

TEST_CASE("a_part_of_something_else_is_begun_anew") {
  Played played;
  const std::string bytes = noise(100'000);
  played.files.files = {{"file/big", bytes}};
  for (const std::string& part : {std::string("junk"), bytes + "longer"}) {
    played.client.write("big.part", part);
    CHECK(played.run({"get", "big"}).succeeded());
    CHECK(played.client.read("big") == bytes);
    CHECK(played.client.all() == std::vector<std::string>{"big"});
  }
}

TEST_CASE("a_damaged_get_stores_nothing") {
  Played played;
  played.files.files = {{"file/a", "abc"}};
  played.files.damage = true;
  played.client.write("a", "old");
  const Outcome seen = played.run({"get", "a"});
  CHECK(seen.ending.exit_code == 1);
  CHECK(contains(seen.err, "damaged on the way"));
  CHECK(played.client.read("a") == "old");
  CHECK(played.client.all() == std::vector<std::string>{"a"});
}

TEST_CASE("an_interrupted_put_goes_on_from_what_the_server_kept") {
  Played played;
  const std::string bytes = noise(2'000'000);
  played.client.write("big", bytes);
  played.files.partials["file/big"] = bytes.substr(0, 700'000);
  const Outcome seen = played.run({"put", "big", "--json"});
  CHECK(lines_of(seen.out).at(0)["resumed_at"] == 700'000);
  CHECK(played.files.files["file/big"] == bytes);

  Played other;  // a beginning of something else is not gone on from
  other.client.write("big", bytes);
  other.files.partials["file/big"] = noise(700'000);
  CHECK(other.run({"put", "big"}).succeeded());
  CHECK(other.files.files["file/big"] == bytes);
}

TEST_CASE("a_stream_of_unknown_length_is_sent_in_pieces") {
  const std::string bytes = noise(1'500'000);
  for (const bool sha256 : {false, true}) {
    Played played;
    std::vector<std::string> arguments{"put", "-", "--as", "video/x"};
    if (sha256) arguments.push_back("--sha256");
    CHECK(played.run(arguments, bytes).succeeded());
    CHECK(played.run({"put", "-", "--as", "none"}).succeeded());
    CHECK(played.files.files["video/x"] == bytes);
    CHECK(played.files.files.at("file/none").empty());
    CHECK(count_of(played.files.requests, "data") > 2);
  }
  CHECK(Played().run({"put", "-"}).ending.exit_code == 2);
}

TEST_CASE("put_takes_the_type_from_name_option_or_extension") {
  Played played;
  for (const char* name : {"a.PNG", "b.mp4", "c"}) played.client.write(name, name);
  CHECK(played.run({"put", "a.PNG", "b.mp4", "c", "--sha256"}).succeeded());
  CHECK(played.run({"put", "c", "--as", "img/d"}).succeeded());
  CHECK(played.run({"put", "c", "--type", "video"}).succeeded());
  const Outcome missing = played.run({"put", "nowhere", "c"});
  CHECK(missing.ending.exit_code == 1);
  CHECK(is_one_line(missing.err));
  std::vector<std::string> names;
  for (const auto& [name, bytes] : played.files.files) names.push_back(name);
  CHECK(names ==
        std::vector<std::string>{"file/c", "img/a.PNG", "img/d", "video/b.mp4", "video/c"});
}

TEST_CASE("a_refusal_in_the_middle_of_a_put_ends_it_and_the_next_one_goes_on") {
  const ClientRun client;
  client.write("big", noise(8'000'000));
  client.write("small", "s");
  std::size_t frames = 0;
  std::string last;
  std::optional<PlayedServer> server;
  server.emplace([&](Talk& call) {
    call.reply(call.receive().header, json::object());  // hello
    const Heard stat = call.receive();
    call.send(
        ftp::error_header("stat", stat.header.others["id"], {ftp::Error::Code::not_found, ""}));
    const Heard put = call.receive();
    call.send(ftp::error_header("put", put.header.others["id"], {ftp::Error::Code::no_space, ""}));
    for (bool more = true; more; ++frames) more = call.receive().header.others.value("more", false);
    const Heard small = call.receive();
    last = small.payload;
    call.reply(small.header, {{"size", 1}, {"time", 0}, {"digest", xxh3("s")}});
  });
  const Outcome seen = client.run(server->port(), {"put", "big", "small"});
  server.reset();
  CHECK(seen.ending.exit_code == 1);
  CHECK(is_one_line(seen.err));
  CHECK(contains(seen.err, "put file/big: there is no room left on the server"));
  CHECK(last == "s");
  CHECK(frames < 40);
}

TEST_CASE("rm_mv_and_stat_say_what_they_did") {
  Played played;
  played.files.files = {{"img/a.png", "a"}, {"img/b.png", "bb"}, {"file/x", "x"}};
  played.files.partials = {{"file/p", "par"}};
  const json a = lines_of(played.run({"stat", "a.png", "--json"}).out).at(0);
  CHECK((a["size"] == 1 && a["digest"] == xxh3("a")));
  const json p = lines_of(played.run({"stat", "p", "--json"}).out).at(0);
  CHECK((p["partial"]["length"] == 3 && !p.contains("size")));
  CHECK(played.run({"mv", "a.png", "b.png"}).ending.exit_code == 1);
  CHECK(played.run({"mv", "a.png", "b.png", "--force"}).succeeded());
  CHECK(played.run({"mv", "b.png", "file/y"}).succeeded());
  CHECK(played.run({"rm", "x", "file/[y]"}).succeeded());
  CHECK(played.run({"rm", "x"}).ending.exit_code == 1);
  CHECK(played.files.files.empty());
}

TEST_CASE("mirror_moves_what_is_different_and_only_that") {
  Played played;
  played.files.files = {{"img/a.png", "a"}, {"video/v.mp4", noise(300'000)}, {"file/t", "t"}};
  CHECK(played.run({"mirror", "m"}).succeeded());
  CHECK(played.client.all() ==
        std::vector<std::string>{"m/file/t", "m/img/a.png", "m/video/v.mp4"});
  const auto again = lines_of(played.run({"mirror", "m", "--json"}).out);
  REQUIRE(again.size() == 1);
  CHECK(again[0]["unchanged"] == 3);

  played.client.write("m/img/a.png", "A");
  played.client.write("m/file/new", "new");
  fs::remove(played.client.path("m/file/t"));
  CHECK(played.run({"mirror", "m", "--up", "--delete"}).succeeded());
  CHECK(played.files.files.count("file/t") == 0);
  CHECK(played.files.files["img/a.png"] == "A");
  CHECK(played.files.files["file/new"] == "new");

  played.files.files.erase("file/new");
  CHECK(played.run({"mirror", "m"}).succeeded());
  CHECK(fs::exists(played.client.path("m/file/new")));
  CHECK(played.run({"mirror", "m", "--delete"}).succeeded());
  CHECK_FALSE(fs::exists(played.client.path("m/file/new")));
  CHECK(played.run({"mirror", "m", "--up", "--down"}).ending.exit_code == 2);
}

TEST_CASE("a_server_of_version_1_still_lists_gives_and_takes") {
  Played played(false);
  played.files.files = {{"img/a.png", "a"}, {"img/b.png", "b"}, {"video/v.mp4", "v"}};
  played.client.write("new.png", "new");
  const Outcome list = played.run({"ls"});
  CHECK(list.succeeded());
  CHECK(contains(list.out, "a.png"));
  CHECK(contains(list.err, "version 1"));
  CHECK(played.run({"get", "img/*", "video/v.mp4", "-o", "out/"}).succeeded());
  CHECK(played.run({"put", "new.png"}).succeeded());
  CHECK(played.run({"put", "-", "--as", "s.txt"}, "stream").succeeded());
  const Outcome missing = played.run({"get", "c.png"});
  CHECK(missing.ending.exit_code == 1);
  CHECK(contains(missing.err, "get img/c.png: the server says: 没有这个文件"));
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"rm", "a.png"}, {"mv", "a.png", "c.png"}, {"stat", "a.png"}, {"mirror", "m"}}) {
    const Outcome refused = played.run(arguments);
    CHECK(refused.ending.exit_code == 1);
    CHECK(is_one_line(refused.err));
    CHECK(contains(refused.err, "version 1 only"));
  }
  CHECK(played.files.files["img/new.png"] == "new");
  CHECK(played.files.files["file/s.txt"] == "stream");
  CHECK(played.client.all() ==
        std::vector<std::string>{"new.png", "out/a.png", "out/b.png", "out/v.mp4"});
}

TEST_CASE("usage_errors_are_code_2_and_no_server_is_code_1") {
  const ClientRun client;
  CHECK(client.run(1, {"ls"}).ending.exit_code == 1);
  CHECK(is_one_line(client.run(1, {"ls"}).err));
  CHECK(client.run(1, {"get"}).ending.exit_code == 2);
  CHECK(client.run(1, {"--host", "example.org", "ls"}).ending.exit_code == 2);
  CHECK(client.run(1, {"put", "a", "b", "--as", "c"}).ending.exit_code == 2);
  CHECK(client.run(1, {"nonsense"}).ending.exit_code == 2);
  CHECK(client.run(1, {"--timeout", "0", "ls"}).ending.exit_code == 2);
  CHECK(client.run(1, {"mirror", "--help"}).succeeded());
}

TEST_CASE("localhost_and_ipv6_are_hosts") {
  Played played;
  played.files.files = {{"file/a", "a"}};
  CHECK(played.run({"--host", "localhost", "ls"}).succeeded());
  CHECK(played.run({"--host", "::1", "ls"}).ending.exit_code == 1);
  CHECK(contains(played.run({"--host", "::1", "ls"}).err, "[::1]:"));
}

TEST_CASE("an_interrupt_ends_it_at_once_and_keeps_the_part") {
  const ClientRun client;
  const PlayedServer server([](Talk& call) {
    call.reply(call.receive().header, json::object());
    framing::Header header;
    header.command = "get";
    header.data_length = 1000;
    header.others = {{"version", 2},      {"id", call.receive().header.others["id"]},
                     {"status", "ok"},    {"size", 1000},
                     {"time", 0},         {"offset", 0},
                     {"digest", xxh3("")}};
    call.send_bytes(*framing::encode_head(header) + "part");
    call.receive();
  });
  Child child(client.command(server.port(), {"get", "a"}));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (client.read("a.part") != "part") REQUIRE(std::chrono::steady_clock::now() < until);
  ::kill(child.pid(), SIGINT);
  const auto ending = child.wait_for(std::chrono::seconds(20));
  CHECK((ending && ending->signal == SIGINT));
  CHECK(client.all() == std::vector<std::string>{"a.part"});
}

TEST_CASE("a_file_that_cannot_be_written_here_costs_only_itself") {
  for (const bool version_2 : {true, false}) {
    Files files;
    files.version_2 = version_2;
    files.files = {{"file/a", "a"}, {"file/big", noise(3'000'000)}, {"file/c", "c"}};
    const PlayedServer server(keeper_of(files));
    const ClientRun client;
    Command command = client.command(server.port(), {"get", "file/a", "file/big", "file/c"});
    command.limits.file_bytes = 100'000;
    const Outcome seen = dialtone::run(command, std::chrono::seconds(60));
    CHECK(seen.ending.exit_code == 1);
    CHECK(is_one_line(seen.err));
    CHECK(contains(seen.err, "get file/big: write"));
    CHECK(client.read("a") == "a");
    CHECK(client.read("c") == "c");
    CHECK(client.all().size() == (version_2 ? 3 : 2));  // a part stays where it is of use
  }
}

TEST_CASE("an_interrupted_download_of_version_1_leaves_nothing") {
  const ClientRun client;
  const PlayedServer server([](Talk& call) {
    call.receive();  // hello
    framing::Header words;
    words.command = "hello";
    call.send(words, "hello is not exist");
    framing::Header header = ftp::course::header_for("download_file", "");
    header.data_length = 1000;
    call.receive();
    call.send_bytes(*framing::encode_head(header) + "part");
    call.receive();
  });
  Child child(client.command(server.port(), {"get", "a"}));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (client.all().empty()) REQUIRE(std::chrono::steady_clock::now() < until);
  ::kill(child.pid(), SIGTERM);
  const auto ending = child.wait_for(std::chrono::seconds(20));
  CHECK((ending && ending->signal == SIGTERM));
  CHECK(client.all().empty());
}

TEST_CASE("the_progress_line_fits_and_never_shows_control_characters") {
  for (std::size_t columns = 1; columns < 120; ++columns)
    for (const char* name : {"a.png", "完美世界 清漪 同人美女4k电脑壁纸_彼岸图网.jpg", "\x1b[2J"})
      for (const auto& total :
           {std::optional<std::uint64_t>{}, std::optional<std::uint64_t>{5000}}) {
        const std::string line = ftp::client::progress_line(
            {name, 1000, total, 1000, std::chrono::milliseconds(2000)}, columns);
        CHECK(display_width(line) <= columns);
        CHECK_FALSE(contains(line, "\x1b"));
      }
}
