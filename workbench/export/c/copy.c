/* A part of a blob: blocks of so many elements, each a step after the one before. A Slice is one
   for each top, a Concat one for each bottom. */
typedef struct {
    int32_t blocks, length, from_start, from_step, to_start, to_step;
} net_copy;

static void net_copy_part(const net_copy *p, const int8_t *x, int8_t *out) {
    int32_t b, i;
    for (b = 0; b < p->blocks; b++)
        for (i = 0; i < p->length; i++)
            out[p->to_start + b * p->to_step + i] = x[p->from_start + b * p->from_step + i];
}
