// `grade`: every submission through the same judge, several at once. What a submission does costs
// only itself.
#include <iostream>
#include <mutex>
#include <thread>

#include "check.hpp"
#include "commands.hpp"
#include "each_at_once.hpp"
#include "failure.hpp"
#include "gradebook.hpp"
#include "interruption.hpp"
#include "language.hpp"
#include "recipe.hpp"
#include "submissions.hpp"
#include "terminal.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;

namespace {

/// A lab with the commands that build its files.
struct GradedLab {
  const Lab* lab;
  Recipe recipe;
};

std::vector<GradedLab> prepare(const Tree& tree, const std::vector<Lab>& labs,
                               const std::string& wanted) {
  std::vector<GradedLab> chosen;
  if (wanted.empty()) {
    for (const Lab& lab : labs) chosen.push_back({&lab, Recipe(tree, lab)});
    return chosen;
  }
  for (const std::string& name : split(wanted, ',')) {
    const Lab& lab = find_lab(labs, trimmed(name));
    chosen.push_back({&lab, Recipe(tree, lab)});
  }
  return chosen;
}

LabGrade grade_lab(const Tree& tree, const GradedLab& graded, const Submission& submission,
                   const fs::path& folder, std::uint64_t seed) {
  const Lab& lab = *graded.lab;
  LabGrade grade;
  grade.lab = &lab;
  const HandedIn file = take_file(submission, lab);
  if (!file.text) {
    grade.note = file.problem;
    return grade;
  }
  const fs::path source = folder / lab.file_name();
  const fs::path shim = folder / (lab.identifier() + "_shim");
  write_file(source, *file.text);
  Built built = build_file(tree, graded.recipe, source, lab.file_name(), {{Program::shim, shim}},
                           folder, false);
  if (!built.ok) {
    grade.note = tr("does not compile", "无法编译");
    grade.output = std::move(built.output);
    return grade;
  }
  grade.judgement = judge(tree, lab, shim, {seed, {}, false, 1});
  grade.judged = true;
  if (grade.judgement.not_judged() > 0)
    for (const CaseResult& one : grade.judgement.cases)
      if (one.status == Status::fault && grade.note.empty())
        grade.note = tr("not judged: ", "未评判：") + one_line(one.story.failed);
  return grade;
}

StudentGrade grade_student(const Tree& tree, const std::vector<GradedLab>& labs,
                           const Submission& submission, const fs::path& folder,
                           std::uint64_t seed) {
  StudentGrade student{submission.student, {}};
  for (const GradedLab& graded : labs) {
    try {
      student.labs.push_back(grade_lab(tree, graded, submission, folder, seed));
    } catch (const std::exception& failure) {  // a full disk and the like: not the student's
      LabGrade grade;
      grade.lab = graded.lab;
      grade.faulty = true;
      grade.note = tr("not judged: ", "未评判：") + one_line(failure.what());
      student.labs.push_back(std::move(grade));
    }
  }
  return student;
}

/// "85/100", or "?" where something was not judged.
std::string score_text(const std::optional<unsigned>& score, unsigned possible) {
  return (score ? std::to_string(*score) : "?") + "/" + std::to_string(possible);
}

/// Tells what is done: one line that is overwritten on a terminal, else a line per student.
class ProgressLine {
 public:
  explicit ProgressLine(std::size_t count) : count_(count) {}

  void finished(const StudentGrade& student) {
    const std::lock_guard guard(lock_);
    ++done_;
    const std::string text = "[" + std::to_string(done_) + "/" + std::to_string(count_) + "] " +
                             one_line(student.student) + "  " +
                             score_text(student.total(), student.possible());
    if (stdout_is_lively())
      std::cout << "\r\x1b[K" << clip(text, terminal_columns() - 1) << std::flush;
    else
      std::cout << text << (student.notes().empty() ? "" : "  " + one_line(student.notes()))
                << std::endl;
  }

  void close() const {
    if (stdout_is_lively()) std::cout << "\r\x1b[K";
  }

 private:
  std::mutex lock_;
  std::size_t count_;
  std::size_t done_ = 0;  ///< guarded by lock_
};

std::vector<StudentGrade> grade_all(const Tree& tree, const std::vector<GradedLab>& labs,
                                    const std::vector<Submission>& submissions, unsigned jobs,
                                    std::uint64_t seed) {
  const TemporaryFolder work;
  const OnInterruption clean_up([path = work.path()] {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  });
  std::vector<StudentGrade> grades(submissions.size());
  ProgressLine progress(submissions.size());
  each_at_once(submissions.size(), jobs, [&](std::size_t i) {
    const fs::path folder = work.path() / std::to_string(i);
    std::error_code ignored;  // where there is no folder, writing into it tells
    fs::create_directory(folder, ignored);
    grades[i] = grade_student(tree, labs, submissions[i], folder, seed);
    fs::remove_all(folder, ignored);
    progress.finished(grades[i]);
  });
  progress.close();
  return grades;
}

std::string summary(const std::vector<StudentGrade>& grades) {
  std::vector<std::string> head = {tr("Student", "学生")};
  for (const LabGrade& grade : grades.front().labs) head.push_back(grade.lab->number);
  head.push_back(tr("Total", "总分"));
  head.push_back(tr("Note", "备注"));
  Table table(head);
  for (const StudentGrade& student : grades) {
    std::vector<std::string> row = {one_line(student.student)};
    for (const LabGrade& grade : student.labs)
      row.push_back(score_text(grade.score(), grade.lab->possible()));
    row.push_back(score_text(student.total(), student.possible()));
    row.push_back(one_line(student.notes()));
    table.add(std::move(row));
  }
  return table.text();
}

/// Before hours of work: the place for its results must be there.
void make_output_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error && !fs::is_directory(folder)) error = std::make_error_code(std::errc::not_a_directory);
  try {
    if (error) throw std::runtime_error(error.message());
    write_file(folder / ".writable", "");
    fs::remove(folder / ".writable", error);
  } catch (const std::exception& failure) {
    throw Failure(tr("cannot write results into ", "无法把结果写入 ") + folder.string() + ": " +
                  failure.what() + tr("; name another folder with -o", "；请用 -o 另选目录"));
  }
}

unsigned default_jobs() {
  const unsigned cores = std::thread::hardware_concurrency();
  return cores > 1 ? cores - 1 : 1;
}

}  // namespace

int grade_command(const Options& options) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  std::vector<std::string> notes;
  const auto submissions = find_submissions(options.submissions, options.output, notes);
  if (!options.labs.empty())  // a wrong name is told before anything is built
    for (const std::string& name : split(options.labs, ',')) find_lab(labs, trimmed(name));
  make_output_folder(options.output);
  for (const std::string& note : notes) std::cerr << "workbook: " << one_line(note) << '\n';

  const auto chosen = prepare(tree, labs, options.labs);
  const std::uint64_t seed = options.seed.value_or(fresh_seed());
  const unsigned jobs = options.jobs > 0 ? options.jobs : default_jobs();
  std::cout << tr("seed ", "种子 ") << seed << tr(", submissions: ", "，提交数：")
            << submissions.size() << tr(", at once: ", "，并行数：") << jobs << std::endl;
  const auto grades = grade_all(tree, chosen, submissions, jobs, seed);
  write_gradebook(options.output, grades, seed);

  std::size_t unjudged = 0;
  for (const StudentGrade& student : grades) unjudged += student.total() ? 0 : 1;
  std::cout << '\n'
            << summary(grades) << tr("\nresults: ", "\n结果：") << options.output
            << "/grades.csv, junit.xml, */results.json\n";
  if (unjudged == 0) return exit_success;
  std::cout.flush();
  std::cerr << "workbook: "
            << tr(std::to_string(unjudged) +
                      " submissions could not be judged in full: grade "
                      "them again; their scores are left out",
                  std::to_string(unjudged) + " 份提交未能完整评判：请重新批改；它们没有记分")
            << '\n';
  return exit_failure;
}

}  // namespace dialtone
