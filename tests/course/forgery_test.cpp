// Submissions that try to earn points without the code. Each must score 0, and none may pass for a
// fault of the machine.
#include "judgement.hpp"
#include "practice.hpp"
#include "pristine.hpp"
#include "recipe.hpp"

using namespace dialtone;
namespace fs = std::filesystem;

namespace {

const Tree tree{DIALTONE_ROOT, DIALTONE_BUILD};

struct Forgery {
  const char* name;
  const char* code;  ///< appended to the starter of lab 01
};

constexpr const char* channel_writer = R"(
#include <cstdlib>
#include <string>
namespace {
void put(const std::string& body) {
  const unsigned lengths[2] = {static_cast<unsigned>(body.size()), 0};
  (void)!write(3, lengths, sizeof lengths);
  (void)!write(3, body.data(), body.size());
}
)";

const Forgery forgeries[] = {
    {"exit code 0 before main", "struct Forger { Forger() { exit(0); } } forger;\n}\n"},
    {"a report on stdout",
     "struct Forger { Forger() { (void)!write(1, R\"({\"cases\":[{\"id\":\"ipv4_addresses\","
     "\"status\":\"passed\"}]})\", 60); exit(0); } } forger;\n}\n"},
    {"answers to everything, in advance",
     "struct Forger { Forger() { put(R\"({\"ready\":true})\"); for (int i = 0; i < 500; ++i) "
     "put(R\"({\"value\":null})\"); } } forger;\n}\n"},
    {"an empty answer",
     "struct Forger { Forger() { put(R\"({\"ready\":true})\"); put(\"{}\"); for (;;) pause(); } } "
     "forger;\n}\n"},
    {"an empty answer to what is asked",
     "struct Forger { Forger() { put(R\"({\"ready\":true})\"); char byte; "
     "(void)!read(3, &byte, 1); put(\"{}\"); for (;;) pause(); } } forger;\n}\n"},
    {"an answer of another type",
     "struct Forger { Forger() { put(R\"({\"ready\":true})\"); "
     "put(R\"({\"value\":[1],\"error\":7})\"); for (;;) pause(); } } forger;\n}\n"},
    {"no JSON at all",
     "struct Forger { Forger() { put(\"passed\"); for (;;) pause(); } } forger;\n}\n"},
};

/// The starter with this text behind it, built in the student's place.
fs::path program_with(const Lab& lab, const Recipe& recipe, const std::string& text,
                      const TemporaryFolder& folder) {
  const fs::path source = folder.path() / lab.file_name();
  const fs::path object = folder.path() / "forged.o";
  fs::path program = folder.path() / "forged";
  write_file(source, pristine_text(tree, lab) + text);
  const Outcome compiled = recipe.compile(source, object);
  INFO(compiled.err);
  REQUIRE(compiled.succeeded());
  REQUIRE(recipe.link(object, program, Program::shim).succeeded());
  return program;
}

}  // namespace

TEST_CASE("a_program_that_may_start_no_other_starts_none") {
  Command command;
  command.arguments = {"/bin/sh", "-c",
                       "/bin/echo started; (/bin/echo started); exec /bin/echo started"};
  CHECK(run(command, std::chrono::seconds(20)).out == "started\nstarted\nstarted\n");
  command.deny_exec = true;
  const Outcome outcome = run(command, std::chrono::seconds(20));
  INFO(outcome.err);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.find("not permitted") != std::string::npos);
  command.arguments = {"/no/such/program"};
  CHECK_THROWS_WITH(run(command, std::chrono::seconds(20)),
                    "cannot start /no/such/program: No such file or directory");
}

TEST_CASE("no_wrapping_of_a_finished_server_earns_a_point_or_a_fault") {
  const std::vector<Lab> labs = load_labs(tree);
  const Lab& lab = find_lab(labs, "ftp");
  const Recipe recipe(tree, lab);
  const std::string finished = lab_program(tree, lab, "shim_solution").string();
  REQUIRE(fs::exists(finished));
  // The finished server on the same folder; each of these says how it is started.
  const std::string beginning = R"(
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
namespace {
char* arguments[64];
void read_arguments() {
  static char text[4096];
  const int file = open("/proc/self/cmdline", O_RDONLY);
  const ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  int number = 0;
  for (ssize_t at = 0; at < count && number < 63; at += static_cast<ssize_t>(strlen(text + at)) + 1)
    arguments[number++] = text + at;
}
const char* const finished = ")" +
                                finished + R"(";
struct Wrapper {
  Wrapper() {
    read_arguments();
)";
  const std::vector<std::string> ways = {
      "execv(finished, arguments);",
      "if (fork() == 0) { execv(finished, arguments); _exit(1); } for (;;) pause();",
      "syscall(SYS_execveat, open(finished, O_PATH), \"\", arguments, environ, AT_EMPTY_PATH);",
  };
  for (const std::string& way : ways) {
    const TemporaryFolder folder;
    INFO(way);
    const fs::path program =
        program_with(lab, recipe, beginning + way + "\n  }\n} wrapper;\n}  // namespace\n", folder);
    JudgeRequest request;
    request.seed = test_seed();
    request.cases = {"list_joins_names_with_commas", "download_sends_every_byte",
                     "survive_unknown_commands"};
    const Judgement judgement = judge(tree, lab, program, request);
    CHECK(judgement.cases.size() == request.cases.size());
    CHECK(judgement.score() == 0);
    for (const CaseResult& result : judgement.cases) {
      INFO(result.of.id << ": " << to_json(result).dump());
      CHECK(result.status != Status::fault);
    }
  }
}

TEST_CASE("no_forged_answer_earns_a_point_or_a_fault") {
  const std::vector<Lab> labs = load_labs(tree);
  const Lab& lab = find_lab(labs, "01");
  const Recipe recipe(tree, lab);
  for (const Forgery& forgery : forgeries) {
    const TemporaryFolder folder;
    INFO(forgery.name);
    const fs::path program =
        program_with(lab, recipe, channel_writer + std::string(forgery.code), folder);
    JudgeRequest request;
    request.seed = test_seed();
    request.cases = {"ipv4_addresses", "numbers_to_the_wire", "send_all_sends_every_byte",
                     "dial_reaches_whoever_listens", "failed_calls_leave_nothing_open"};
    const Judgement judgement = judge(tree, lab, program, request);
    CHECK(judgement.cases.size() == request.cases.size());
    CHECK(judgement.score() == 0);
    for (const CaseResult& result : judgement.cases) {
      INFO(result.of.id << ": " << to_json(result).dump());
      CHECK(result.status == Status::failed);
    }
  }
}
