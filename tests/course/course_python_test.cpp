// phone-call talks to the course's own Python snippets, in all four pairings. Runs in a private
// network, because the snippets use a fixed port.
#include <fcntl.h>

#include "practice.hpp"
#include "process.hpp"

using namespace dialtone;
namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr const char* caller_says = "我是客户端";
constexpr const char* callee_says = "我是服务端";

/// The course's text is not part of the project: without it there is nothing to check here, and the
/// judge's own peers, which speak the same bytes, are the guarantee.
bool course_is_here() {
  return fs::exists(DIALTONE_COURSE_NOTES);
}

struct Snippets {
  fs::path client;
  fs::path server;
};

/// Splits a block that holds both ends into two programs; the import stands before both.
Snippets write_snippets(const fs::path& folder, const std::string& heading) {
  const std::string notes = read_file(DIALTONE_COURSE_NOTES);
  const auto start = notes.find(heading);
  const auto end = notes.find("```", start);
  const auto client = notes.find("# a.", start);
  const auto server = notes.find("# b.", start);
  REQUIRE(start != std::string::npos);
  REQUIRE((client < server && server < end));
  const std::string import = "# " + notes.substr(start, client - start);
  Snippets snippets{folder / "client.py", folder / "server.py"};
  write_file(snippets.client, import + notes.substr(client, server - client));
  write_file(snippets.server, import + notes.substr(server, end - server));
  return snippets;
}

Command python(const fs::path& program) {
  Command command;
  command.arguments = {"python3", program.string()};
  return command;
}

Command phone_call(const std::string& transport, const std::string& role) {
  Command command;
  command.arguments = {DIALTONE_BUILD "/bin/phone-call", transport, "--role", role, "--lang", "zh"};
  return command;
}

/// A process whose output is kept, started beside the test.
struct Running {
  FileDescriptor output;
  Child child;
};

Running start(Command command, const fs::path& output_path) {
  FileDescriptor output(open(output_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  command.descriptors = {{1, output.get()}, {2, output.get()}};
  return {std::move(output), Child(command)};
}

/// Runs a client again and again until a server is there for it.
Outcome call_until_answered(const Command& client) {
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  for (;;) {
    Outcome outcome = run(client, seconds(10));
    if (outcome.succeeded() || std::chrono::steady_clock::now() > until) return outcome;
  }
}

void our_client_calls_their_server(const std::string& transport, const std::string& heading) {
  const TemporaryFolder folder;
  const Snippets snippets = write_snippets(folder.path(), heading);
  Running server = start(python(snippets.server), folder.path() / "output");
  const Outcome client = call_until_answered(phone_call(transport, "client"));
  const auto ending = server.child.wait_for(seconds(10));
  const std::string heard = read_file(folder.path() / "output");
  INFO("client: " << client.out << client.err << "\nserver: " << heard);
  CHECK(client.succeeded());
  CHECK(client.out.find(callee_says) != std::string::npos);
  CHECK((ending && ending->exit_code == 0));
  CHECK(heard.find(caller_says) != std::string::npos);
}

void their_client_calls_our_server(const std::string& transport, const std::string& heading) {
  const TemporaryFolder folder;
  const Snippets snippets = write_snippets(folder.path(), heading);
  const fs::path output = folder.path() / "output";
  Running server = start(phone_call(transport, "server"), output);
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  while (read_file(output).find('\n') == std::string::npos) {  // "listening on ..."
    INFO(read_file(output));
    REQUIRE(std::chrono::steady_clock::now() < until);
    REQUIRE_FALSE(server.child.wait_for(milliseconds(10)));
  }
  const Outcome client = run(python(snippets.client), seconds(20));
  const auto ending = server.child.wait_for(seconds(10));
  const std::string heard = read_file(output);
  INFO("client: " << client.out << client.err << "\nserver: " << heard);
  CHECK(client.succeeded());
  CHECK(client.out.find(callee_says) != std::string::npos);
  CHECK((ending && ending->exit_code == 0));
  CHECK(heard.find(caller_says) != std::string::npos);
}

constexpr const char* tcp_chapter = "【四】";
constexpr const char* udp_chapter = "【五】";

}  // namespace

TEST_CASE("our_tcp_client_calls_the_courses_server") {
  if (course_is_here()) our_client_calls_their_server("tcp", tcp_chapter);
}

TEST_CASE("the_courses_tcp_client_calls_our_server") {
  if (course_is_here()) their_client_calls_our_server("tcp", tcp_chapter);
}

TEST_CASE("our_udp_client_calls_the_courses_server") {
  if (course_is_here()) our_client_calls_their_server("udp", udp_chapter);
}

TEST_CASE("the_courses_udp_client_calls_our_server") {
  if (course_is_here()) their_client_calls_our_server("udp", udp_chapter);
}
