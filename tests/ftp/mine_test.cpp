// -DMINE="framing;switchboard": the server on a student's own labs 08 and 09. The student here has
// the references' text, with a mark in each that shows from outside.
#include "ftp_support.hpp"
#include "practice.hpp"

using namespace ftp_test;
using dialtone::Command;
using dialtone::Outcome;
using dialtone::read_file;
using std::chrono::minutes;

namespace {

std::string must(std::vector<std::string> arguments, const fs::path& directory) {
  Command command;
  command.arguments = std::move(arguments);
  command.directory = directory;
  const Outcome outcome = dialtone::run(command, minutes(9));
  INFO(command.arguments.front() << "\n" << outcome.out << outcome.err);
  REQUIRE(outcome.succeeded());
  return outcome.out;
}

/// The student's file: the reference with `from`, which it has once, replaced.
void write_as_student(const fs::path& lab, const std::string& file, const std::string& from,
                      const std::string& to) {
  std::string text = read_file(lab / "solution" / file);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  dialtone::write_file(lab / "starter" / file, text);
}

}  // namespace

TEST_CASE("the_server_runs_on_the_students_framing_and_switchboard") {
  const dialtone::TemporaryFolder folder;
  const fs::path tree = folder.path() / "tree";
  must({"sh", "-c",
        "mkdir tree && tar -C '" DIALTONE_ROOT
        "' --exclude=./build --exclude=./.git -cf - . | tar -C tree -xf -"},
       folder.path());
  write_as_student(tree / "labs/08-framing", "framing.cpp", R"("{\"command\":")",
                   R"("{ \"command\":")");
  write_as_student(tree / "labs/09-switchboard", "switchboard.cpp", "queue.add(reply.line)",
                   R"(queue.add("mine: " + reply.line))");
  // Built in half the time, and still quick enough for the judge's large files.
  must({"cmake", "--preset", "release", "-DMINE=framing;switchboard", "-DCMAKE_BUILD_TYPE=Debug",
        "-DCMAKE_CXX_FLAGS_DEBUG=-O1"},
       tree);
  must({"cmake", "--build", "build", "--target", "ftp-server"}, tree);

  const std::string program = (tree / "build/bin/ftp-server").string();
  const std::string graded = must({DIALTONE_BUILD "/bin/workbook", "check", "ftp", "--lang", "en",
                                   "--server", program + " --root {root} --port {port}"},
                                  DIALTONE_ROOT);
  INFO(graded);
  CHECK(graded.find("Total: 93/93") != std::string::npos);

  const ServerProcess server(folder.path(), {"--console", "0"}, {}, program);
  Caller caller(server.port());
  REQUIRE(caller.send(course_request("show_file_name_list", "", "img")));
  const std::string head = caller.read_some(64);
  CHECK(head.find("{ \"command\":") == 4);
  Caller operator_(server.console_port());
  REQUIRE(operator_.send_bytes("help\n"));
  CHECK(operator_.read_some(64).starts_with("mine: status"));
}
