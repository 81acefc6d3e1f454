/* The deviations of rules `qtools`, with what rules `picojoule` do instead. cost/qtools.c and cost/qtools_graph.c
 * implement them; where both rule sets share QTools' algebra (arith/), the list says so. A new deviation is a row here
 * and its number in a comment where it is made; docs/energy-model.md has the same table (a test compares all three). */
#include "cost/quirks.h"

/*  number, what QTools does, what rules picojoule do */
static const pj_quirk quirks[] = {
    {"-",   "the batch dimension is left out",                                                                "it counts"                      },
    {"Q1",  "SRAM energy is per bit but charged per 64-bit word: 64 times too low",                           "charged per bit"                },
    {"Q3",  "the SRAM polynomial is not monotonic: a 40-bit memory costs more per access than a 16-kbit one",
     "larger memories never cost less"                                                                                                         },
    {"Q6",  "AveragePool counts the additions of one output position",                                        "of all positions"               },
    {"Q9",  "the bias of a depthwise convolution counts as its depth multiplier",                             "all its elements"               },
    {"Q10", "a transposed convolution has no op_cost; its bias counts as input channels",
     "its multiply-accumulates; output channels"                                                                                               },
    {"Q11", "a grouped convolution counts all input channels",                                                "those of a group"               },
    {"Q12", "a depthwise convolution's count lacks the depth multiplier",                                     "every output channel counts"    },
    {"Q14", "a dense layer on more than one dimension has no figure",                                         "a matrix product like any other"},
    {"Q15", "BatchNormalization: its addition is free; on a model input it writes one element",
     "one mul and one add an element; all are written"                                                                                         },
    {"Q17", "BatchNormalization with a fixed-point variance costs two fp32 multiplications an element",
     "one mul and one add in the format of the layer"                                                                                          },
    {"Q18", "float widths other than 16 and 32 have no figure",                                               "the table's stand-in"           },
    {"Q19", "a sum of a float and a wider fixed-point number is a float of that width: no figure",
     "the table's stand-in"                                                                                                                    },
    {"Q20", "a float times a binary, ternary or power-of-two value is a full float multiplication",           "the same"                       },
    {"Q21", "a ternary weight times -1/+1 gives a product of 1 bit",                                          "the same"                       },
    {"Q22", "adding 0/1 to a power of two does not expand the power of two",                                  "the same"                       },
    {"Q24", "the exponent of a power of two always has a sign bit",                                           "the same"                       },
    {"Q25", "operands of a merge that come from one layer count once; all model inputs together are one",
     "each operand is read"                                                                                                                    },
    {"Q26", "a model output that also feeds a layer is not written to DRAM as an output",                     "it is an output"                },
    {"Q27", "a merge of a model input and an inner tensor reads both as model inputs",                        "each from where it lives"       },
    {"Q28", "Flatten and Reshape read and write",                                                             "views are free"                 },
    {"Q29", "maximum, minimum and mean are free",                                                             "comparisons and additions count"},
    {"Q30", "n-ary products are priced by their last step",                                                   "each step in its format"        },
    {"Q31", "sums have one bit more than the widest operand, whatever the binary points",
     "in the format of the widest operand"                                                                                                     },
    {"Q34", "a shift by a wide power of two may cost more than the multiplication it replaces",               "the same"                       },
    {"Q38", "model inputs and outputs are charged even where activations are hard-wired",                     "the same"                       },
};

const pj_quirk *pj_quirks(size_t *count)
{
    *count = sizeof quirks / sizeof *quirks;
    return quirks;
}
