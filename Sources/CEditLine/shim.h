#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <editline/readline.h>

// Readline's interface is a set of global variables, which Swift rightly refuses to touch. These
// functions are all that is needed of them; call them from one thread.

// What the key Ctrl-C does: ends the line. `rl_done` stays set after it, and only after it.
static inline int vigil_edit_interrupt(int count, int key) {
  (void)count;
  (void)key;
  rl_done = 1;
  return 0;
}

// While a line is edited Ctrl-C is a key and not a signal; while a statement runs it is a signal
// again, since libedit then puts the terminal back. readline() forgets this each time, so it is a
// hook that runs once it did.
static inline int vigil_edit_prepare(void) { return rl_parse_and_bind("setty -d -isig"); }

// `complete` gets the word and its start and end in the line.
static inline void vigil_edit_configure(rl_completion_func_t *complete) {
  rl_readline_name = "tsql";
  rl_initialize();
  using_history();
  rl_attempted_completion_function = complete;
  rl_completer_word_break_characters = (char *)" \t\n()=<>!,;'+*/";
  rl_pre_input_hook = vigil_edit_prepare;
  rl_add_defun("vigil-interrupt", vigil_edit_interrupt, CTRL('C'));
}

// A line to be freed; null at the end of input and after Ctrl-C.
static inline char *vigil_edit_read(const char *prompt) {
  return readline(prompt);
}

static inline int vigil_edit_interrupted(void) { return rl_done; }

static inline const char *vigil_edit_line(void) { return rl_line_buffer; }

// Candidates are complete: nothing is put behind them, and no file names take their place.
static inline void vigil_edit_finish_completion(void) {
  rl_attempted_completion_over = 1;
  rl_completion_append_character = 0;
}
