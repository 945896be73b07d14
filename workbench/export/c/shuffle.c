/* Channel j of group i goes to place groups * j + i; a group has `size` channels. */
typedef struct {
    int32_t groups, size, plane;
} net_shuffle;

static void net_shuffle_channels(const net_shuffle *p, const int8_t *x, int8_t *out) {
    int32_t i, j, k;
    for (i = 0; i < p->groups; i++)
        for (j = 0; j < p->size; j++)
            for (k = 0; k < p->plane; k++)
                out[(j * p->groups + i) * p->plane + k] = x[(i * p->size + j) * p->plane + k];
}
