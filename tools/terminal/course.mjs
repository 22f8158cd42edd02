// All that the terminal knows of this course. Nothing else here names its files, its commands, its
// tables or its pages; tests/course.test.mjs holds that.

const SET_UP = 'The course\'s page "Set up" tells how to work on your own machine.';
const INSTALLED = `What the course needs is installed here. ${SET_UP}`;

export const course = {
  /** Where its files lie on the terminal's disk. */
  home: "/course",
  /** The folder that learners work in. */
  chapters: "chapters",
  /** What the shop stores, and its database in it. A new build whose tables differ drops it. */
  data: "var/",
  database: "var/db.sqlite3",
  /** What the learner has done of the exercises. */
  progress: "practice/progress.toml",
  outdated: "The demo shop's tables have changed, so its database starts afresh.",
  /** What commands write elsewhere: no change that a learner has made. */
  made: /^users\.(csv|json|xml)$/,
  /** Sentences for what a browser cannot do. */
  elsewhere: SET_UP,
  installed: INSTALLED,
  /** The script that sets the course up, and why it is not needed. */
  installer: /(^|\/)start\.py$/,
  uninstallable: `It sets the course up on your own machine. ${INSTALLED}`,
  /** What runs pytest behind manage.py: the command, and its first argument if that matters. */
  tests: { test: null, course: "check" },
  /** What the word `help` begins with. */
  help: [
    "python manage.py help          what the course's commands are\n",
    "python manage.py NAME --help   how one of them is used\n",
    "pytest chapters/05             a chapter's tests\n",
  ],
  /**
   * What Tab offers for the first argument of a command of manage.py; `names(folder)` lists a
   * folder. Each step there is, as `07/2`.
   */
  arguments: {
    step: (names) =>
      names("chapters").flatMap((chapter) =>
        names(`chapters/${chapter}/steps`)
          .filter((name) => /^[1-9]_.*\.py$/.test(name))
          .map((name) => `${chapter}/${name[0]}`),
      ),
  },
  /** What prelude.py is told. */
  python: {
    home: "/course",
    settings: "shared_project.settings",
    database: "var/db.sqlite3",
    progress: "practice/progress.toml",
    /** The tables that the database panel shows: those with the prefix, and these. */
    prefix: "shop_",
    tables: ["auth_user"],
    /** The folders that a migration may depend on. */
    sources: ["chapters", "shared_project"],
    elsewhere: "run this on your own machine, as the page «Set up» says",
  },
};
