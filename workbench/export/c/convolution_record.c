/* A convolution: image (in_channels, in_h, in_w) to (out_channels, out_h, out_w), the last axis
   the fastest. weight is (out_channels, in_channels / groups, kernel_h, kernel_w). With as many
   groups as channels it is a depthwise convolution. */
typedef struct {
    int32_t in_channels, in_h, in_w, out_channels, out_h, out_w, groups;
    int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int32_t pad_top, pad_left, pad_level; /* beyond the image every element is pad_level */
    const int8_t *weight;
    const int32_t *bias;        /* in units of the sums, or 0 */
    const int8_t *late_bias;    /* in levels of the output, or 0 */
    const int32_t *multiplier;  /* of the sums, to levels of the output */
    const int32_t *shift;
    const int8_t *low, *high;   /* activation: where the output is held */
    int32_t rescale_each, bounds_each; /* 1: one for each output channel; 0: one for all */
} net_convolution;

/* The exact sum of one output element, without the bias. It fits in 32 bits: the weights were
   checked for that. */
static int32_t net_convolution_sum(const net_convolution *p, const int8_t *x,
                                   int32_t channel, int32_t row, int32_t col) {
    int32_t inputs = p->in_channels / p->groups;
    int32_t first = channel / (p->out_channels / p->groups) * inputs;
    const int8_t *weight = p->weight + channel * inputs * p->kernel_h * p->kernel_w;
    int32_t c, i, j, sum = 0;
    for (c = first; c < first + inputs; c++)
        for (i = 0; i < p->kernel_h; i++)
            for (j = 0; j < p->kernel_w; j++) {
                int32_t y = row * p->stride_h - p->pad_top + i * p->dilation_h;
                int32_t z = col * p->stride_w - p->pad_left + j * p->dilation_w;
                int32_t inside = y >= 0 && y < p->in_h && z >= 0 && z < p->in_w;
                int32_t value = inside ? x[(c * p->in_h + y) * p->in_w + z] : p->pad_level;
                sum += *weight++ * value;
            }
    return sum;
}
