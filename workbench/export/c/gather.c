/* The same elements elsewhere: out[i] = x[index[i]]. An index from `inputs` on means one of the
   constants, with which a border is filled. */
typedef struct {
    int32_t count, inputs;
    const int32_t *index;
    const int8_t *constants; /* 0 if there are none */
} net_gather;

static void net_pick(const net_gather *p, const int8_t *x, int8_t *out) {
    int32_t i;
    for (i = 0; i < p->count; i++)
        out[i] = p->index[i] < p->inputs ? x[p->index[i]] : p->constants[p->index[i] - p->inputs];
}
