#include "check.hpp"

#include <functional>
#include <future>

#include "compiler_output.hpp"
#include "failure.hpp"
#include "interruption.hpp"
#include "language.hpp"

namespace dialtone {

namespace fs = std::filesystem;

namespace {

void play(const Tree& tree, const Lab& lab, const fs::path& practice, const fs::path& shim,
          const CheckRequest& request, CheckResult& result) {
  result.built = true;
  result.practised = request.practice && request.cases.empty() && !lab.is_capstone();
  std::future<PracticeRun> practised;
  if (result.practised)
    practised =
        std::async(std::launch::async, run_practice, practice, std::cref(lab), request.sanitized);
  result.judgement = judge(tree, lab, shim,
                           {request.seed, request.cases, request.sanitized, judges_for_one_person});
  if (result.practised) result.practice = practised.get();
}

/// Builds by the recipe in a folder of its own, and plays.
CheckResult check_by_recipe(const Tree& tree, const Lab& lab, const fs::path& file,
                            const CheckRequest& request) {
  if (!fs::is_regular_file(file))
    throw Failure(tr("cannot check ", "无法检查 ") + file.string() +
                  tr(": there is no such file", "：没有这个文件"));
  const Recipe recipe(tree, lab);
  const TemporaryFolder folder;
  const OnInterruption clean_up([path = folder.path()] {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  });
  const fs::path practice = folder.path() / (lab.identifier() + "_practice");
  const fs::path shim = folder.path() / (lab.identifier() + "_shim");
  std::vector<std::pair<Program, fs::path>> programs = {{Program::shim, shim}};
  if (request.practice && request.cases.empty() && !lab.is_capstone())
    programs.emplace_back(Program::practice, practice);

  CheckResult result;
  result.judgement.seed = request.seed;
  const fs::path source = fs::absolute(file);
  Built built = build_file(tree, recipe, source, tree.shown(source), programs, folder.path(),
                           request.sanitized);
  if (built.ok)
    play(tree, lab, practice, shim, request, result);
  else
    result.build_output = std::move(built.output);
  return result;
}

}  // namespace

bool CheckResult::passed() const {
  return built && judgement.full() && (!practised || practice.all_ok());
}

Built build_file(const Tree& tree, const Recipe& recipe, const fs::path& source,
                 const std::string& shown_as,
                 const std::vector<std::pair<Program, fs::path>>& programs, const fs::path& folder,
                 bool sanitized) {
  const std::vector<std::string> none;
  const auto& flags = sanitized ? sanitizer_flags : none;
  const fs::path object = folder / (source.stem().string() + ".o");
  Built built;
  const auto took = [&](const Outcome& outcome) {
    if (outcome.succeeded()) return true;
    if (outcome.timed_out)
      built.output =
          tr("the compiler was stopped after three minutes\n", "编译超过三分钟，已被终止\n");
    else
      built.output = trim_errors(outcome.out + outcome.err, source, tree.root, shown_as);
    if (built.output.empty())
      built.output = tr("the compiler failed: ", "编译器失败：") + describe(outcome.ending) + "\n";
    return false;
  };
  if (!took(recipe.compile(source, object, flags))) return built;
  for (const auto& [which, program] : programs)
    if (!took(recipe.link(object, program, which, flags))) return built;
  built.ok = true;
  return built;
}

CheckResult check_starter(const Tree& tree, const Lab& lab, const CheckRequest& request) {
  const fs::path source = tree.root / lab.starter();
  if (!fs::is_regular_file(source))
    throw Failure(tr("the file to edit is missing: ", "要编辑的文件不存在：") +
                  lab.starter().string() + tr("; restore it with ", "；恢复它：") + tree.command() +
                  " reset " + lab.number);
  if (request.sanitized) return check_by_recipe(tree, lab, source, request);

  CheckResult result;
  result.judgement.seed = request.seed;
  const Outcome outcome = build(tree, {lab.identifier() + "_check"});
  if (outcome.timed_out)
    result.build_output =
        tr("the compiler was stopped after 20 minutes\n", "编译超过 20 分钟，已被终止\n");
  else if (!outcome.succeeded())
    result.build_output =
        trim_errors(outcome.out + outcome.err, source, tree.root, lab.starter().string());
  else
    play(tree, lab, lab_program(tree, lab, "practice_starter"),
         lab_program(tree, lab, "shim_starter"), request, result);
  return result;
}

CheckResult check_file(const Tree& tree, const Lab& lab, const fs::path& file,
                       const CheckRequest& request) {
  CheckRequest judge_only = request;
  judge_only.practice = false;
  return check_by_recipe(tree, lab, file, judge_only);
}

CheckResult check_server(const Tree& tree, const Lab& lab, const CheckRequest& request) {
  build_or_fail(tree, {lab.identifier() + "_judge"});
  CheckResult result;
  result.built = true;
  result.judgement = judge(tree, lab, "",
                           {request.seed, request.cases, request.sanitized, judges_for_one_person,
                            shell_words(request.server)});
  return result;
}

}  // namespace dialtone
