/* A plugin of qemu-user 7.2: whenever the program sends itself the signal SIGURG, it writes how many instructions the
   program has run so far. The declarations are those of qemu-plugin.h, which Debian does not ship. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { INLINE_ADD_U64 = 0, KILL_ON_ARM64 = 129, URGENT = 23 };
typedef uint64_t id_t_;
struct qemu_plugin_tb;
void qemu_plugin_register_vcpu_tb_trans_cb(id_t_, void (*)(id_t_, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
void qemu_plugin_register_vcpu_syscall_cb(id_t_, void (*)(id_t_, unsigned, int64_t, uint64_t, uint64_t, uint64_t,
                                                          uint64_t, uint64_t, uint64_t, uint64_t, uint64_t));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);

int qemu_plugin_version = 1;
static uint64_t count;

static void on_block(id_t_ id, struct qemu_plugin_tb *block) {
  qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &count, qemu_plugin_tb_n_insns(block));
}

static void on_system_call(id_t_ id, unsigned cpu, int64_t number, uint64_t process, uint64_t signal, uint64_t c,
                           uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
  if (number == KILL_ON_ARM64 && signal == URGENT) fprintf(stderr, "instructions: %llu\n", (unsigned long long)count);
}

int qemu_plugin_install(id_t_ id, const void *info, int argc, char **argv) {
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
  qemu_plugin_register_vcpu_syscall_cb(id, on_system_call);
  return 0;
}
