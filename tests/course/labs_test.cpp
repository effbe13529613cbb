// What must hold for every lab of the course. The lab is named by DIALTONE_LAB.
#include <cstdlib>
#include <regex>
#include <set>

#include "each_at_once.hpp"
#include "judgement.hpp"
#include "practice.hpp"
#include "pristine.hpp"
#include "recipe.hpp"
#include "words.hpp"

using namespace dialtone;
namespace fs = std::filesystem;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const Tree tree{DIALTONE_ROOT, DIALTONE_BUILD};

const Lab& lab_under_test() {
  static const std::vector<Lab> labs = load_labs(tree);
  const char* number = std::getenv("DIALTONE_LAB");
  return find_lab(labs, number != nullptr ? number : "01");
}

/// The starter as it ships, in a file of its own: what a student has done to theirs is no matter.
class PristineStarter {
 public:
  PristineStarter() : path_(folder_.path() / lab_under_test().file_name()) {
    write_file(path_, pristine_text(tree, lab_under_test()));
  }
  const fs::path& path() const { return path_; }
  const fs::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
  fs::path path_;
};

/// The file compiled and linked in the starter's place. Empty text where all went well.
std::string build_in_place(const Recipe& recipe, const fs::path& source, const fs::path& program,
                           Program which, const std::vector<std::string>& flags = {}) {
  fs::path object = program;
  object += ".o";
  const Outcome compiled = recipe.compile(source, object, flags);
  if (!compiled.succeeded()) return "compile: " + compiled.err;
  const Outcome linked = recipe.link(object, program, which);
  return linked.succeeded() ? "" : "link: " + linked.err;
}

std::set<std::string> cases_not_passed(const Judgement& judgement) {
  std::set<std::string> ids;
  for (const CaseResult& result : judgement.cases)
    if (result.status != Status::passed) ids.insert(result.of.id);
  return ids;
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

// --- mutants ---

/// A patch begins with "Case: ID", the case that must catch it. A second line "Also: ID..." names
/// those that cannot but be lost with it.
struct Mutant {
  fs::path patch;
  std::string expected_case;
  std::set<std::string> expected;
};

std::vector<Mutant> mutants_of(const Lab& lab) {
  std::vector<Mutant> mutants;
  for (const auto& entry : fs::directory_iterator(tree.root / lab.directory() / "mutants")) {
    if (entry.path().extension() != ".patch") continue;
    std::smatch match;
    const std::string text = read_file(entry.path());
    const std::regex head("^Case: ([a-z0-9_]+)\n(?:Also: ([a-z0-9_ ]+)\n)?");
    std::regex_search(text, match, head);
    Mutant mutant{entry.path(), match.str(1), {match.str(1)}};
    for (const std::string& id : split(match.str(2), ' '))
      if (!id.empty()) mutant.expected.insert(id);
    mutants.push_back(std::move(mutant));
  }
  std::sort(mutants.begin(), mutants.end(),
            [](const Mutant& a, const Mutant& b) { return a.patch < b.patch; });
  return mutants;
}

/// What is wrong with a mutant; empty where it loses its case and no other.
std::string judge_mutant(const Lab& lab, const Recipe& recipe, const Mutant& mutant) {
  const TemporaryFolder folder;
  const fs::path mutated = folder.path() / lab.file_name();
  Command patch;
  patch.arguments = {"patch",
                     "--quiet",
                     "-o",
                     mutated.string(),
                     (tree.root / lab.solution()).string(),
                     mutant.patch.string()};
  const Outcome patched = run(patch, seconds(20));
  if (!patched.succeeded()) return "does not apply: " + patched.out + patched.err;

  const fs::path program = folder.path() / "mutant";
  // What nobody reads takes a tenth of the compiler's time.
  if (const auto trouble = build_in_place(recipe, mutated, program, Program::shim, {"-w", "-g0"});
      !trouble.empty())
    return trouble;
  JudgeRequest request;
  request.seed = test_seed();
  const Judgement judgement = judge(tree, lab, program, request);
  const auto lost = cases_not_passed(judgement);
  if (lost == mutant.expected) return "";
  std::string trouble = "should lose " + joined(mutant.expected) + ", and loses " + joined(lost);
  for (const CaseResult& result : judgement.cases)
    if (lost.contains(result.of.id) && !mutant.expected.contains(result.of.id))
      trouble += "\n  " + to_json(result).dump();
  return trouble;
}

/// Each of these mutants loses its case and no other.
void expect_each_to_lose_just_its_case(const Lab& lab, const std::vector<Mutant>& mutants) {
  const Recipe recipe(tree, lab);
  std::vector<std::string> troubles(mutants.size());
  // Three, for most of a judge's time is waiting.
  each_at_once(mutants.size(), 3,
               [&](std::size_t at) { troubles[at] = judge_mutant(lab, recipe, mutants[at]); });

  std::string all;
  for (std::size_t i = 0; i < mutants.size(); ++i)
    if (!troubles[i].empty())
      all += "\n" + mutants[i].patch.filename().string() + ": " + troubles[i];
  INFO("seed " << test_seed() << all);
  REQUIRE(all.empty());
}

// --- the record of the mutants that were played ---

std::vector<std::string> lines_of_ninja(const std::vector<std::string>& arguments) {
  const Outcome outcome = ask_ninja(tree, arguments);
  INFO(outcome.err);
  REQUIRE(outcome.succeeded());
  return lines_of(outcome.out);
}

/// The project's own files, from its root, that decide whether a lab's mutants lose their cases:
/// its cases, the mutants, and all that its judge, its shim and its solution were compiled from, as
/// the build noted it.
std::set<std::string> what_decides(const Lab& lab) {
  std::set<std::string> files{(lab.directory() / "lab.json").string()};
  const auto add = [&](const fs::path& file) {
    const std::string path = file.lexically_relative(tree.root).string();
    if (file.is_absolute() && !path.starts_with("..") &&
        file.lexically_relative(tree.build).string().starts_with(".."))
      files.insert(path);
  };
  for (const Mutant& mutant : mutants_of(lab)) add(mutant.patch);

  const auto inputs = lines_of_ninja(
      {"-t", "inputs", lab.identifier() + "_judge", lab.identifier() + "_shim_solution"});
  for (const std::string& input : inputs) add(input);
  const std::set<std::string> compiled(inputs.begin(), inputs.end());
  bool ours = false;
  for (const std::string& line : lines_of_ninja({"-t", "deps"})) {
    // "labs/judge.o: #deps 2, deps mtime ... (VALID)", and then a line for each, indented
    if (const auto end = line.find(": #deps"); end != std::string::npos)
      ours = compiled.contains(line.substr(0, end));
    else if (ours && !line.empty())
      add(trimmed(line));
  }
  return files;
}

/// What `make record-mutants` writes once all mutants of a lab have lost just their cases.
struct Record {
  explicit Record(const Lab& lab) : path(tree.root / lab.directory() / "mutants/played.sha256") {
    std::string all;
    for (const std::string& file : what_decides(lab))
      all += sha256(read_file(tree.root / file)) + "  " + file + "\n";
    digest = sha256(all) + "\n";
  }
  bool holds() const { return fs::exists(path) && read_file(path) == digest; }

  fs::path path;
  std::string digest;
};

}  // namespace

TEST_CASE("the_solution_passes_every_case") {
  const Lab& lab = lab_under_test();
  JudgeRequest request;
  request.seed = test_seed();
  const Judgement judgement = judge(tree, lab, lab_program(tree, lab, "shim_solution"), request);
  for (const CaseResult& result : judgement.cases) {
    INFO(result.of.id << ": " << to_json(result).dump() << ", seed " << request.seed);
    CHECK(result.status == Status::passed);
    CHECK(result.inputs >= 1);
  }
  CHECK(judgement.score() == 100);
}

/// As a class is graded: several at a time, with one seed.
TEST_CASE("judges_of_one_seed_do_not_meet") {
  const Lab& lab = lab_under_test();
  JudgeRequest request;
  request.seed = test_seed();
  std::vector<Judgement> judgements(8);
  each_at_once(judgements.size(), judgements.size(), [&](std::size_t at) {
    judgements[at] = judge(tree, lab, lab_program(tree, lab, "shim_solution"), request);
  });
  for (const Judgement& judgement : judgements)
    for (const CaseResult& result : judgement.cases) {
      INFO(result.of.id << ": " << to_json(result).dump() << ", seed " << request.seed);
      CHECK(result.status == Status::passed);
    }
}

TEST_CASE("the_judge_plays_the_cases_that_lab_json_names") {
  const Lab& lab = lab_under_test();
  Command command;
  command.arguments = {lab_program(tree, lab, "judge").string(), "--student",
                       lab_program(tree, lab, "shim_solution").string(), "--seed", "1"};
  const Outcome outcome = run(command, minutes(3));
  REQUIRE(outcome.succeeded());
  std::vector<std::string> played;
  const auto report = nlohmann::json::parse(outcome.out);
  for (const auto& one : report.at("cases")) played.push_back(one.at("id"));
  std::vector<std::string> named;
  for (const LabCase& one : lab.cases) named.push_back(one.id);
  CHECK(played == named);
}

TEST_CASE("the_starter_scores_nothing_and_says_each_todo") {
  const Lab& lab = lab_under_test();
  const Recipe recipe(tree, lab);
  const PristineStarter starter;
  const fs::path shim = starter.folder() / "shim";
  const fs::path practice = starter.folder() / "practice";
  CHECK(build_in_place(recipe, starter.path(), shim, Program::shim, {"-Werror"}) == "");
  if (!lab.is_capstone())
    REQUIRE(build_in_place(recipe, starter.path(), practice, Program::practice, {"-Werror"}) == "");

  JudgeRequest request;
  request.seed = test_seed();
  const Judgement judgement = judge(tree, lab, shim, request);
  CHECK(judgement.score() == 0);
  std::string said;
  for (const CaseResult& result : judgement.cases) {
    INFO(result.of.id);
    CHECK(result.status == Status::todo);
    said += result.story.got + '\n';
  }

  if (!lab.is_capstone()) {
    Command command;
    command.arguments = {practice.string(), "--lang", "en"};
    const Outcome outcome = run(command, seconds(30));
    CHECK_FALSE(outcome.timed_out);
    CHECK(outcome.ending.signal == 0);
    CHECK(outcome.out.find("\nok ") == std::string::npos);
    CHECK(outcome.out.find("\nFAILED ") == std::string::npos);
    said += outcome.out;
  }

  const std::string text = read_file(starter.path());
  const std::regex unwritten(R"re(todo\("(\d\d|ftp)", "([^"]+)"\)|note_todo\("([^"]+)"\))re");
  int count = 0;
  for (std::sregex_iterator it(text.begin(), text.end(), unwritten), end; it != end;
       ++it, ++count) {
    const std::string todo =
        (*it)[3].matched ? (*it)[3].str() : "TODO(lab " + (*it)[1].str() + "): " + (*it)[2].str();
    INFO(todo);
    CHECK(said.find(todo) != std::string::npos);
  }
  CHECK(count > 0);
}

TEST_CASE("a_drawn_few_of_the_mutants_lose_just_their_cases") {  // what `make test` has time for
  const Lab& lab = lab_under_test();
  auto mutants = mutants_of(lab);
  Random random(test_seed());
  while (mutants.size() > 4)
    mutants.erase(mutants.begin() +
                  static_cast<std::ptrdiff_t>(random.between(0, mutants.size() - 1)));
  expect_each_to_lose_just_its_case(lab, mutants);
}

/// Where nothing that decides it has changed since they were played, the record says so.
TEST_CASE("every_mutant_loses_just_its_case") {
  const Lab& lab = lab_under_test();
  const Record record(lab);
  const char* asked = std::getenv("DIALTONE_MUTANTS");  // "all", "record" or nothing
  const std::string how = asked != nullptr ? asked : "";
  if (how != "all" && record.holds()) {
    CHECK(read_file(record.path) == record.digest);
    return;
  }
  expect_each_to_lose_just_its_case(lab, mutants_of(lab));
  if (how == "record") write_file(record.path, record.digest);
}

TEST_CASE("the_record_of_the_mutants_counts_what_decides_their_fate") {
  const Lab& lab = lab_under_test();
  const auto counted = what_decides(lab);
  const fs::path folder = lab.directory();
  std::set<std::string> wanted{lab.solution().string(), "workbook/judge/judge.cpp",
                               "common/process.cpp"};
  for (const char* part : {"judge", "mutants"})
    for (const auto& entry : fs::directory_iterator(tree.root / folder / part))
      wanted.insert((folder / part / entry.path().filename()).string());
  wanted.erase((folder / "mutants/played.sha256").string());
  for (const std::string& file : wanted) {
    INFO(file);
    CHECK(counted.contains(file));
  }
  for (const std::string& file : counted) {
    INFO(file);
    CHECK(fs::exists(tree.root / file));
    if (cached_setting(tree.build, "MINE").empty())  // else labs stand on the student's
      CHECK(file.find("/starter/") == std::string::npos);
    CHECK_FALSE(file.ends_with(".md"));
  }
}

TEST_CASE("every_case_has_a_mutant") {
  const Lab& lab = lab_under_test();
  std::set<std::string> covered;
  for (const Mutant& mutant : mutants_of(lab)) covered.insert(mutant.expected_case);
  for (const LabCase& one : lab.cases) {
    INFO("a mutant for the case " << one.id);
    CHECK(covered.count(one.id) == 1);
  }
}
