// ftp-client against the course's own Python server, where the course's text is at hand: it is not
// part of the project, and without it there is nothing to check here.
#include "client_support.hpp"

using namespace dialtone;
using namespace ftp_test;

namespace {

/// The course's program in a folder of its own, listening on a port of our choice.
class CourseServer {
 public:
  CourseServer() {
    // A port that was free a moment ago: the program cannot take 0 and tell.
    const auto probe = socket_basics::listen_on(*socket_basics::parse_address("127.0.0.1:0"), 1);
    port_ = socket_basics::local_address(probe->get())->port;
    const std::string notes = read_file(DIALTONE_COURSE_NOTES);
    const std::string fence = "```python\n";
    const auto start = notes.find(fence, notes.find("# 7 FTP")) + fence.size();
    std::string program = notes.substr(start, notes.find("```", start) - start);
    const std::string fixed = "PORT = 8002";
    program.replace(program.find(fixed), fixed.size(), "PORT = " + std::to_string(port_));
    write_file(folder_.path() / "main.py", program);
    write_file(folder_.path() / "server.py", "from main import Server\nServer().main()\n");
    for (const char* type : {"img", "video"})
      fs::create_directories(folder_.path() / "server_data" / type);
  }

  /// It takes one call, within five seconds.
  void start() {
    output_.reset(::open((folder_.path() / "output").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    Command command;
    command.arguments = {"python3", (folder_.path() / "server.py").string()};
    command.descriptors = {{1, output_.get()}, {2, output_.get()}};
    command.directory = folder_.path();
    child_.emplace(command);
  }

  std::uint16_t port() const { return port_; }
  fs::path data() const { return folder_.path() / "server_data"; }

 private:
  TemporaryFolder folder_;
  FileDescriptor output_;
  std::optional<Child> child_;
  std::uint16_t port_ = 0;
};

bool course_is_here() {
  return fs::exists(DIALTONE_COURSE_NOTES);
}

/// Tries again while nobody listens yet.
Outcome run_when_ready(const ClientRun& client, const CourseServer& server,
                       const std::vector<std::string>& arguments, const std::string& input = "") {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (;;) {
    Outcome outcome = client.run(server.port(), arguments, input);
    if (!contains(outcome.err, "nobody listens") || std::chrono::steady_clock::now() > until)
      return outcome;
  }
}

}  // namespace

TEST_CASE("the_menu_works_with_the_courses_server") {
  if (!course_is_here()) return;
  CourseServer server;
  const std::string picture(30'000, 'p');
  write_file(server.data() / "img" / "雪中女孩.jpeg", picture);
  const ClientRun client;
  const std::string quotes = "bytes with ' and \" and \\ and \n" + std::string(3, '\xff');
  client.write("自愿 上班.jpeg", quotes);
  server.start();
  const Outcome seen = run_when_ready(
      client, server, {}, "1\nimg\n0000\nout\ngirl\n2\nupload 自愿 上班.jpeg\n1\nvideo\nq\n");
  INFO(seen.out << seen.err);
  CHECK(seen.succeeded());
  CHECK(contains(seen.out, "当前文件 雪中女孩.jpeg 下载完成!文件保存至 :>>>> out/girl.jpeg\n"));
  CHECK(contains(seen.out, "当前文件 自愿 上班 上传成功!保存至 :>>>> " +
                               (server.data() / "img" / "自愿 上班.jpeg").string() + "!\n"));
  CHECK(contains(seen.out, "当前无文件!\n"));
  CHECK(client.read("out/girl.jpeg") == picture);
  CHECK(read_file(server.data() / "img" / "自愿 上班.jpeg") == quotes);
}

TEST_CASE("get_and_ls_fall_back_to_the_courses_server") {
  if (!course_is_here()) return;
  const ClientRun client;
  for (const std::string& command : {std::string("get"), std::string("ls")}) {
    CourseServer server;
    write_file(server.data() / "img" / "a.png", "aaa");
    write_file(server.data() / "video" / "v.mp4", "vvv");
    server.start();
    const Outcome seen =
        command == "ls" ? run_when_ready(client, server, {"ls", "--json"})
                        : run_when_ready(client, server, {"get", "img/*", "v.mp4", "-o", "out"});
    INFO(seen.out << seen.err);
    CHECK(seen.succeeded());
  }
  CHECK(client.read("out/a.png") == "aaa");
  CHECK(client.read("out/v.mp4") == "vvv");
}

TEST_CASE("put_falls_back_to_the_courses_server") {
  if (!course_is_here()) return;
  const ClientRun client;
  client.write("b.png", "bbb");
  CourseServer server;
  server.start();
  const Outcome seen = run_when_ready(client, server, {"put", "b.png"});
  INFO(seen.out << seen.err);
  CHECK(seen.succeeded());
  CHECK(read_file(server.data() / "img" / "b.png") == "bbb");
}
